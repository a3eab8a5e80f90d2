/*
 * guc.c
 *	  The settings: inferacct.as_of, inferacct.contract, inferacct.unpriced.
 *
 * inferacct.as_of is kept as its text and read in the time zone of the session
 * that uses it, as a timestamptz literal would be.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/guc.h"

int			setting_unpriced = UNPRICED_ERROR;
char	   *setting_contract;

static char *setting_as_of;
static void (*price_setting_changed) (void);

static const struct config_enum_entry unpriced_options[] = {
	{"error", UNPRICED_ERROR, false},
	{"null", UNPRICED_NULL, false},
	{NULL, 0, false}
};

/* Is there a word among the fields of a time that means another time at every reading? */
static bool
IsMovingTime(char **field, int nfields)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};

	for (int i = 0; i < nfields; i++)
	{
		for (size_t w = 0; w < lengthof(words); w++)
		{
			if (pg_strcasecmp(field[i], words[w]) == 0)
				return true;
		}
	}
	return false;
}

/* Accept nothing, or a date and time that does not depend on when it is read. */
static bool
CheckAsOf(char **newval, void **extra, GucSource source)
{
	char		work[MAXDATELEN + MAXDATEFIELDS];
	char	   *field[MAXDATEFIELDS];
	int			ftype[MAXDATEFIELDS];
	int			nf,
				dtype,
				tz;
	struct pg_tm tm;
	fsec_t		fsec;
	TimestampTz at;

	if ((*newval)[0] == '\0')
		return true;
	if (ParseDateTime(*newval, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nf) != 0 ||
		IsMovingTime(field, nf) ||
		InferacctDecodeDateTime(field, ftype, nf, &dtype, &tm, &fsec, &tz) != 0 ||
		dtype != DTK_DATE ||
		tm2timestamp(&tm, fsec, &tz, &at) != 0)
	{
		GUC_check_errdetail("It must be a finite date and time, such as 2026-10-01 or 2026-10-01T00:00:00Z.");
		return false;
	}
	return true;
}

static void
AssignPriceSetting(const char *newval, void *extra)
{
	price_setting_changed();
}

TimestampTz
SettingAsOf(void)
{
	if (setting_as_of[0] == '\0')
		return DT_NOEND;
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(setting_as_of),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

void
SettingInit(void (*changed) (void))
{
	price_setting_changed = changed;
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
							 PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("inferacct");
}
