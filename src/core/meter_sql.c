/*
 * meter_sql.c
 *	  The list of meters as SQL sees it: meter_list(), and what FOCUS calls them.
 *
 * Invariant: a meter of SQL is a line of meter.h; another name is an error.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "core/meter_sql.h"
#include "server/compat.h"

PG_FUNCTION_INFO_V1(meter_list);
PG_FUNCTION_INFO_V1(is_meter);
PG_FUNCTION_INFO_V1(is_token_meter);
PG_FUNCTION_INFO_V1(focus_meter);
PG_FUNCTION_INFO_V1(focus_unit);
PG_FUNCTION_INFO_V1(focus_token_direction);
PG_FUNCTION_INFO_V1(focus_token_cache_action);

static const char *const side_names[] = {
	[SIDE_INPUT] = "input", [SIDE_OUTPUT] = "output", [SIDE_OTHER] = "other"
};

static const char *const kind_names[] = {
	[KIND_TEXT] = "text", [KIND_AUDIO] = "audio", [KIND_IMAGE] = "image", [KIND_VIDEO] = "video"
};

static const char *const cache_names[] = {
	[CACHE_READS] = "read", [CACHE_WRITES] = "write"
};

int
HintMeters(void)
{
	return errhint("The meters are: %s.", METER_NAMES);
}

static Meter
MeterOfText(const text *name)
{
	return MeterByName(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

Meter
MeterArgument(text *name)
{
	Meter		meter = MeterOfText(name);

	if (meter == METER_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no meter \"%s\"", text_to_cstring(name)),
				 HintMeters()));
	return meter;
}

/* meter_list(): a row for each meter, in the order of meter.h. */
Datum
meter_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		const char *const columns[] = {
			MeterName(meter),
			side_names[MeterSideOf(meter)],
			kind_names[MeterKindOf(meter)],
			cache_names[MeterCacheOf(meter)],
			MeterParent(meter) == meter ? NULL : MeterName(MeterParent(meter)),
			MeterUnit(meter),
			MeterFocusName(meter)
		};
		Datum		values[lengthof(columns)] = {0};
		bool		nulls[lengthof(columns)];

		for (size_t i = 0; i < lengthof(columns); i++)
		{
			nulls[i] = columns[i] == NULL;
			if (!nulls[i])
				values[i] = CStringGetTextDatum(columns[i]);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
is_meter(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(MeterOfText(PG_GETARG_TEXT_PP(0)) != METER_COUNT);
}

Datum
is_token_meter(PG_FUNCTION_ARGS)
{
	Meter		meter = MeterOfText(PG_GETARG_TEXT_PP(0));

	PG_RETURN_BOOL(meter != METER_COUNT && MeterIsTokens(meter));
}

Datum
focus_meter(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MeterFocusName(MeterArgument(PG_GETARG_TEXT_PP(0)))));
}

Datum
focus_unit(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(MeterUnit(MeterArgument(PG_GETARG_TEXT_PP(0)))));
}

Datum
focus_token_direction(PG_FUNCTION_ARGS)
{
	switch (MeterSideOf(MeterArgument(PG_GETARG_TEXT_PP(0))))
	{
		case SIDE_INPUT:
			PG_RETURN_TEXT_P(cstring_to_text("Input"));
		case SIDE_OUTPUT:
			PG_RETURN_TEXT_P(cstring_to_text("Output"));
		default:
			PG_RETURN_NULL();
	}
}

Datum
focus_token_cache_action(PG_FUNCTION_ARGS)
{
	Meter		meter = MeterArgument(PG_GETARG_TEXT_PP(0));

	if (MeterSideOf(meter) != SIDE_INPUT)
		PG_RETURN_NULL();
	switch (MeterCacheOf(meter))
	{
		case CACHE_READS:
			PG_RETURN_TEXT_P(cstring_to_text("Read"));
		case CACHE_WRITES:
			PG_RETURN_TEXT_P(cstring_to_text("Write"));
		default:
			PG_RETURN_TEXT_P(cstring_to_text("Uncached"));
	}
}
