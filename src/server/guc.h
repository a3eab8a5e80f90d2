/*
 * guc.h
 *	  The settings: inferacct.as_of, inferacct.contract, inferacct.unpriced.
 */
#ifndef INFERACCT_GUC_H
#define INFERACCT_GUC_H

#include "datatype/timestamp.h"

typedef enum UnpricedPolicy
{
	UNPRICED_ERROR,				/* what has no price is an error */
	UNPRICED_NULL				/* ... is NULL, and left out of sums */
} UnpricedPolicy;

extern int	setting_unpriced;
extern char *setting_contract;	/* "" for list prices */

/* inferacct.as_of as a time, DT_NOEND when it is not set. */
extern TimestampTz SettingAsOf(void);

/* Define the settings, once; `changed` is called whenever as_of or contract is set. */
extern void SettingInit(void (*changed) (void));

#endif							/* INFERACCT_GUC_H */
