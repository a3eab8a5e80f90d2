/*
 * guc.c
 *	  The settings: inferacct.as_of, inferacct.contract, inferacct.unpriced,
 *	  inferacct.guess, inferacct.stale_after.
 *
 * Invariant: a check hook looks at nothing but the characters of the value: no
 * other setting, no catalog, no transaction.  inferacct.as_of is kept as its
 * text and read when a statement first needs it, in the time zone and date style
 * of then, as a timestamptz literal would be.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/guc.h"

const char *const setting_names[SETTING_COUNT] = {
	"inferacct.as_of", "inferacct.contract", "inferacct.unpriced", "inferacct.guess", "inferacct.stale_after"
};

int			setting_unpriced = UNPRICED_ERROR;
int			setting_guess = GUESS_ALLOW;
char	   *setting_contract;

static char *setting_as_of;
static char *setting_stale_after;
static int32 stale_after_days;
static void (*setting_changed) (void);
static void (*price_setting_changed) (void);

static const struct config_enum_entry unpriced_options[] = {
	{"error", UNPRICED_ERROR, false},
	{"null", UNPRICED_NULL, false},
	{NULL, 0, false}
};

static const struct config_enum_entry guess_options[] = {
	{"allow", GUESS_ALLOW, false},
	{"refuse", GUESS_REFUSE, false},
	{NULL, 0, false}
};

#define AS_OF_DETAIL "It must be a finite date and time, such as 2026-10-01 or 2026-10-01T00:00:00Z."

/* The fields of a time, by its characters alone. */
typedef struct TimeFields
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			type[MAXDATEFIELDS];
	int			count;
} TimeFields;

static bool
SplitTime(const char *text, TimeFields *fields)
{
	return ParseDateTime(text, fields->work, sizeof(fields->work), fields->field, fields->type,
						 MAXDATEFIELDS, &fields->count) == 0;
}

/* Is there a word among the fields of a time that means another time at every reading? */
static bool
IsMovingTime(const TimeFields *fields)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};

	for (int i = 0; i < fields->count; i++)
	{
		for (size_t w = 0; w < lengthof(words); w++)
		{
			if (pg_strcasecmp(fields->field[i], words[w]) == 0)
				return true;
		}
	}
	return false;
}

/*
 * Accept nothing, or what is written like a date and does not move.  What time
 * it is depends on other settings, which a hook may not look at: it also runs
 * in a parallel worker that restores them one after another, and in a backend
 * that has no transaction yet.
 */
static bool
CheckAsOf(char **newval, void **extra, GucSource source)
{
	TimeFields	fields;

	if ((*newval)[0] == '\0')
		return true;
	if (strpbrk(*newval, "0123456789") == NULL || !SplitTime(*newval, &fields) || IsMovingTime(&fields))
	{
		GUC_check_errdetail(AS_OF_DETAIL);
		return false;
	}
	return true;
}

static void
AssignPriceSetting(const char *newval, void *extra)
{
	setting_changed();
	price_setting_changed();
}

static void
AssignPriceOption(int newval, void *extra)
{
	setting_changed();
	price_setting_changed();
}

/* Whether what has no price is an error chooses no prices. */
static void
AssignUnpriced(int newval, void *extra)
{
	setting_changed();
}

/* ---------- how long a check of a price holds ---------- */

/* Days of a unit by a word for it: the word itself, or its beginning, as intervals are written; 0: none. */
static int
DaysOfUnit(const char *word)
{
	static const struct
	{
		const char *word;
		int			days;
	}			units[] = {
		{"", 1}, {"d", 1}, {"day", 1}, {"days", 1}, {"w", 7}, {"week", 7}, {"weeks", 7},
		{"mon", 30}, {"mons", 30}, {"month", 30}, {"months", 30}, {"y", 365}, {"year", 365}, {"years", 365}
	};

	for (size_t i = 0; i < lengthof(units); i++)
	{
		if (pg_strcasecmp(units[i].word, word) == 0)
			return units[i].days;
	}
	return 0;
}

/* Read a number with a unit of days; false when the text is no such thing.  "" is for ever. */
static bool
ReadDays(const char *text, int32 *days)
{
	char	   *unit;
	long		number;

	*days = PG_INT32_MAX;
	if (text[0] == '\0')
		return true;
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtol(text, &unit, 10);
	while (*unit == ' ')
		unit++;
	if (errno != 0 || number > 100000 || DaysOfUnit(unit) == 0)
		return false;
	*days = (int32) number * DaysOfUnit(unit);
	return true;
}

static bool
CheckStaleAfter(char **newval, void **extra, GucSource source)
{
	int32		days;

	if (ReadDays(*newval, &days))
		return true;
	GUC_check_errdetail("It must be a number of days, weeks, months (of 30 days) or years (of 365), such as 90 days; empty is for ever.");
	return false;
}

/* Read once, not for every row of a report. */
static void
AssignStaleAfter(const char *newval, void *extra)
{
	(void) ReadDays(newval, &stale_after_days);
	setting_changed();
}

int32
SettingStaleAfter(void)
{
	return stale_after_days;
}

/* The time that fields mean under the settings of now; false when they mean none. */
static bool
DecodeTime(TimeFields *fields, TimestampTz *at)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			dtype,
				tz;

	return InferacctDecodeDateTime(fields->field, fields->type, fields->count, &dtype, &tm, &fsec, &tz) == 0 &&
		dtype == DTK_DATE && tm2timestamp(&tm, fsec, &tz, at) == 0;
}

TimestampTz
SettingAsOf(void)
{
	TimeFields	fields;
	TimestampTz at;

	if (setting_as_of[0] == '\0')
		return DT_NOEND;
	if (!SplitTime(setting_as_of, &fields) || !DecodeTime(&fields, &at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for parameter \"%s\": \"%s\"", "inferacct.as_of", setting_as_of),
				 errdetail(AS_OF_DETAIL),
				 errhint("SET inferacct.as_of = '' for the prices as they are known now.")));
	return at;
}

/* Without a place for the offset, text that has one cannot be decoded. */
bool
SettingAsOfMoves(void)
{
	TimeFields	fields;
	struct pg_tm tm;
	fsec_t		fsec;
	int			dtype;

	return setting_as_of[0] != '\0' && SplitTime(setting_as_of, &fields) &&
		InferacctDecodeDateTime(fields.field, fields.type, fields.count, &dtype, &tm, &fsec, NULL) == 0;
}

void
SettingInit(void (*changed) (void), void (*prices_changed) (void))
{
	setting_changed = changed;
	price_setting_changed = prices_changed;
	DefineCustomStringVariable("inferacct.as_of",
							   "Answer with the prices as they were known at this time.",
							   "Empty: as they are known now.",
							   &setting_as_of, "", PGC_USERSET, 0, CheckAsOf, AssignPriceSetting, NULL);
	DefineCustomStringVariable("inferacct.contract",
							   "Name of the contract whose negotiated prices apply.",
							   "Empty: list prices.",
							   &setting_contract, "", PGC_USERSET, 0, NULL, AssignPriceSetting, NULL);
	DefineCustomEnumVariable("inferacct.unpriced",
							 "What a request without a price costs: an error, or NULL.",
							 NULL,
							 &setting_unpriced, UNPRICED_ERROR, unpriced_options,
							 PGC_USERSET, 0, NULL, AssignUnpriced, NULL);
	DefineCustomEnumVariable("inferacct.guess",
							 "Whether a guessed name, a region without prices or a meter without a price is priced all the same.",
							 "allow: by what stands nearest, and marked so; refuse: it has no price.",
							 &setting_guess, GUESS_ALLOW, guess_options,
							 PGC_USERSET, 0, NULL, AssignPriceOption, NULL);
	DefineCustomStringVariable("inferacct.stale_after",
							   "How long before a request its price may have been checked without being called stale.",
							   "A number of days, weeks, months (of 30 days) or years (of 365); empty: for ever.",
							   &setting_stale_after, "90 days", PGC_USERSET, 0, CheckStaleAfter, AssignStaleAfter, NULL);
	MarkGUCPrefixReserved("inferacct");
}
