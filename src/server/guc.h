/*
 * guc.h
 *	  The settings: inferacct.as_of, inferacct.contract, inferacct.unpriced,
 *	  inferacct.guess, inferacct.stale_after.
 */
#ifndef INFERACCT_GUC_H
#define INFERACCT_GUC_H

#include "datatype/timestamp.h"

#define SETTING_PREFIX "inferacct."
#define SETTING_COUNT 5

/* All of them. */
extern const char *const setting_names[SETTING_COUNT];

typedef enum UnpricedPolicy
{
	UNPRICED_ERROR,				/* what has no price is an error */
	UNPRICED_NULL				/* ... is NULL, and left out of sums */
} UnpricedPolicy;

typedef enum GuessPolicy
{
	GUESS_ALLOW,				/* a guessed name or a fallback is priced, and marked */
	GUESS_REFUSE				/* ... has no price */
} GuessPolicy;

extern int	setting_unpriced;
extern int	setting_guess;
extern char *setting_contract;	/* "" for list prices */

/* inferacct.as_of as a time, DT_NOEND when it is not set. */
extern TimestampTz SettingAsOf(void);

/* Is inferacct.as_of set to a time that depends on the time zone of the session? */
extern bool SettingAsOfMoves(void);

/* Days for which a check of a price holds; INT32_MAX: for ever. */
extern int32 SettingStaleAfter(void);

/* Define the settings, once; `changed` is called whenever one is set, `prices_changed` when one that chooses prices is. */
extern void SettingInit(void (*changed) (void), void (*prices_changed) (void));

#endif							/* INFERACCT_GUC_H */
