/*
 * price_tuple.c
 *	  From rows of the price tables to those of the pure core.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "server/compat.h"
#include "session/price_tuple.h"

PriceRow *
PriceRowNew(RowList *list)
{
	if (list->count == list->capacity)
	{
		uint64		capacity = Max(2 * list->capacity, 16);
		Size		size = capacity * sizeof(PriceRow);

		list->rows = list->rows == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size) : repalloc_huge(list->rows, size);
		list->capacity = capacity;
	}
	return &list->rows[list->count++];
}

char *
TupleText(HeapTuple tuple, TupleDesc desc, AttrNumber column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

int64
TupleInt64(HeapTuple tuple, TupleDesc desc, AttrNumber column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, desc, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* A multiplier in units of 1e-9, which its check makes whole. */
static int64
MultiplierUnits(Datum multiplier)
{
	Datum		unit = NumericGetDatum(int64_to_numeric(INT64CONST(1000000000)));

	return DatumGetInt64(DirectFunctionCall1(numeric_int8, DirectFunctionCall2(numeric_mul, multiplier, unit)));
}

/* An amount of another currency per unit, which its check lets fit. */
static int64
AmountRate(Datum amount, int64 unit_quantity)
{
	int64		rate;

	if (RateFromDecimal(DatumGetCString(DirectFunctionCall1(numeric_out, amount)), unit_quantity, &rate) != MONEY_OK)
		elog(ERROR, "an amount of table price does not fit");
	return rate;
}

/* What a row of price states: a rate, an amount of another currency, a multiplier, that there is none, or nothing more. */
static PriceKind
StatedPrice(HeapTuple tuple, TupleDesc desc, int64 unit_quantity, int64 *value)
{
	bool		isnull;
	Datum		stated;

	stated = heap_getattr(tuple, Anum_price_rate, desc, &isnull);
	if (!isnull)
	{
		*value = DatumGetInt64(stated);
		return PRICE_RATE;
	}
	stated = heap_getattr(tuple, Anum_price_amount, desc, &isnull);
	if (!isnull)
	{
		*value = AmountRate(stated, unit_quantity);
		return PRICE_AMOUNT;
	}
	stated = heap_getattr(tuple, Anum_price_multiplier, desc, &isnull);
	if (!isnull)
	{
		*value = MultiplierUnits(stated);
		return PRICE_MULTIPLIER;
	}
	*value = 0;
	return DatumGetBool(heap_getattr(tuple, Anum_price_ended, desc, &isnull)) ? PRICE_ENDED : PRICE_WITHDRAWN;
}

/* The JSON of a row's hours; "" for always. */
static char *
StatedWindows(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	Datum		windows = heap_getattr(tuple, Anum_price_time_windows, desc, &isnull);

	return isnull ? "" : DatumGetCString(DirectFunctionCall1(jsonb_out, windows));
}

/* The catalog format that this project writes itself. */
#define NATIVE_CATALOG "inferacct"

/* What sources say of a price: what its row states; a foreign catalog that was loaded is one source. */
static Agreement
StatedAgreement(HeapTuple tuple, TupleDesc desc, const PriceOrigin *origin)
{
	char	   *agreement = TupleText(tuple, desc, Anum_price_agreement);

	if (agreement != NULL)
		return AgreementByName(agreement);
	return origin->catalog[0] == '\0' || strcmp(origin->catalog, NATIVE_CATALOG) == 0 ? AGREEMENT_UNKNOWN : AGREEMENT_SINGLE;
}

/* The day on which its source was read, or else it became known; what one says oneself is not read anywhere. */
static uint16
CheckedOn(HeapTuple tuple, TupleDesc desc, const PriceOrigin *origin)
{
	bool		isnull;
	Datum		checked_on = heap_getattr(tuple, Anum_price_checked_on, desc, &isnull);

	if (isnull)
		return origin->rank == RANK_OWN ? CHECKED_ALWAYS : CheckedDay(origin->published_at);
	return (uint16) Min(Max(DatumGetDateADT(checked_on), 0), CHECKED_ALWAYS - 1);
}

void
AppendPriceRow(RowList *list, HeapTuple tuple, TupleDesc desc, const PriceOrigin *origin)
{
	PriceRow   *row = PriceRowNew(list);
	char	   *meter = TupleText(tuple, desc, Anum_price_meter);
	char	   *source = TupleText(tuple, desc, Anum_price_source);
	char	   *note = TupleText(tuple, desc, Anum_price_note);
	int64		above = TupleInt64(tuple, desc, Anum_price_above_input_tokens);
	int64		unit_quantity = TupleInt64(tuple, desc, Anum_price_unit_quantity);
	bool		isnull;
	bool		inclusive = DatumGetBool(heap_getattr(tuple, Anum_price_threshold_inclusive, desc, &isnull));
	int64		value;
	PriceKind	kind = StatedPrice(tuple, desc, unit_quantity, &value);

	*row = (PriceRow) {
		.kind = kind,
		.value = value,
		.service_tier = TupleText(tuple, desc, Anum_price_service_tier),
		.region = TupleText(tuple, desc, Anum_price_region),
		.currency = TupleText(tuple, desc, Anum_price_currency),
		.meter = MeterByName(meter, strlen(meter)), /* METER_ANY for '*' */
		.unit_quantity = unit_quantity,
		.min_input = above == 0 && !inclusive ? 0 : above + (inclusive ? 0 : 1),
		.windows = StatedWindows(tuple, desc),
		.valid_from = TupleInt64(tuple, desc, Anum_price_valid_from),
		.valid_to = TIME_END,
		.version = TupleInt64(tuple, desc, Anum_price_version),
		.published_at = origin->published_at,
		.source = source != NULL ? source : "",
		.catalog = origin->catalog,
		.note = note != NULL ? note : "",
		.rank = origin->rank,
		.checked_on = CheckedOn(tuple, desc, origin),
		.agreement = StatedAgreement(tuple, desc, origin)
	};
}

void
AliasRowFill(AliasRow *row, HeapTuple tuple, TupleDesc desc, const PriceOrigin *origin)
{
	row->valid_from = TupleInt64(tuple, desc, Anum_model_alias_valid_from);
	row->version = TupleInt64(tuple, desc, Anum_model_alias_version);
	row->published_at = origin->published_at;
	row->rank = origin->rank;
	row->alias = TupleText(tuple, desc, Anum_model_alias_alias);
	row->provider = TupleText(tuple, desc, Anum_model_alias_provider);
	row->model = TupleText(tuple, desc, Anum_model_alias_model);
	row->region = TupleText(tuple, desc, Anum_model_alias_region);
}
