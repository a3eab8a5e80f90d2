/*
 * spend_by_month_sql.c
 *	  The aggregate spend_by_month(): usage and exact cost by model and month.
 *
 * It is what GROUP BY model, month gives with sum(usage) and spend(), in one
 * pass without sorting or hashing groups.
 *
 * Invariant: rows without a model, time or usage are left out; a row left
 * unpriced under inferacct.unpriced = null is counted, and adds nothing to usd.
 * Months are calendar months of UTC.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "core/money_sql.h"
#include "session/price_cache.h"
#include "session/request_arguments.h"
#include "spend/spend_by_month_state_sql.h"

PG_FUNCTION_INFO_V1(spend_by_month_accum_tokens);
PG_FUNCTION_INFO_V1(spend_by_month_accum_usage);
PG_FUNCTION_INFO_V1(spend_by_month_combine);
PG_FUNCTION_INFO_V1(spend_by_month_final);

#define CELL_COLUMNS 5

/* ---------- the state of a call ---------- */

static inline SpendByMonthState *
StateToAddTo(FunctionCallInfo fcinfo)
{
	return ExpandedStateArgument(fcinfo, &spend_by_month_state_type);
}

/*
 * Look up the Pricing of the statement.  An aggregate lives in one execution
 * and so has one snapshot: its state stays bound until price_generation moves.
 * In a plain call the snapshot can be another one each time.
 */
static Pricing *
BindState(FunctionCallInfo fcinfo, SpendByMonthState *state)
{
	SpendByMonthForgetRates(&state->sums);
	state->pricing = PricingOfStatement();
	state->generation = IsAggregateCall(fcinfo) ? price_generation : 0;
	return state->pricing;
}

/* Keep in a cell the flat rates of its model at the time of a request. */
static void
RememberRates(MonthCell *cell, Pricing *pricing, const Request *request)
{
	const NameSpan *span = PricingName(pricing, request->model.bytes, request->model.length, request->at);

	cell->rates_sought = true;
	if (span->flat_from <= request->at && request->at < span->flat_to)
	{
		cell->rates = span->flat;
		cell->rated_from = span->flat_from;
		cell->rated_to = span->flat_to;
	}
}

static void
MonthError(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the first day of a month is out of range")));
}

/* ---------- transitions ---------- */

/* Has the month of a time a first day?  Not the month with the first of all days. */
static inline bool
HasMonth(TimestampTz at)
{
	if (likely(at >= MIN_TIMESTAMP + 7 * USECS_PER_DAY))
		return true;
	if (!PricingLeavesOut(PricingOfStatement()))
		MonthError();
	return false;
}

/* Price a request the long way, and only then find or make its cell: an error leaves the sums as they are. */
static MonthCell *
PriceRequest(FunctionCallInfo fcinfo, SpendByMonthState *state, const Request *request,
			 int64 input, int64 output, const Usage *usage, bool *priced, Money *usd)
{
	Pricing    *pricing = state->pricing;
	MonthCell  *cell;

	if (state->generation != price_generation)
		pricing = BindState(fcinfo, state);
	if (usage == NULL)
		*priced = RequestTokensCost(pricing, request, input, output, usd);
	else
		*priced = RequestUsageCost(pricing, request, usage, usd);

	cell = SpendByMonthCell(&state->sums, request->model.bytes, request->model.length, MonthOf(request->at));
	if (cell->rates != NULL || !cell->rates_sought)
		RememberRates(cell, pricing, request);
	return cell;
}

/* The cell of a request whose rates it remembers, or NULL. */
static inline MonthCell *
RatedCell(const SpendByMonthState *state, const Request *request)
{
	MonthCell  *cell;

	if (unlikely(state->generation != price_generation))
		return NULL;
	cell = SpendByMonthFind(&state->sums, request->model.bytes, request->model.length, request->at);
	return likely(cell != NULL && MonthCellHasRates(cell, request->at)) ? cell : NULL;
}

Datum
spend_by_month_accum_tokens(PG_FUNCTION_ARGS)
{
	SpendByMonthState *state;
	Request		request;
	int64		input,
				output;
	Money		usd;
	CostProblem problem;
	MonthCell  *cell;
	bool		priced = true;

	if (!TokensRequest(fcinfo, NO_BOOK, 1, &request, &input, &output) || !HasMonth(request.at))
		return StateUnchanged(fcinfo);
	state = StateToAddTo(fcinfo);
	cell = RatedCell(state, &request);
	if (unlikely(cell == NULL || TokensCost(cell->rates, input, output, &usd, &problem) != COST_OK))
		cell = PriceRequest(fcinfo, state, &request, input, output, NULL, &priced, &usd);
	if (unlikely(!MonthCellAddTokens(cell, input, output) || (priced && !MonthCellAddCost(cell, usd))))
		SpendByMonthOverflowError();
	PG_RETURN_DATUM(StateGetDatum(state));
}

Datum
spend_by_month_accum_usage(PG_FUNCTION_ARGS)
{
	SpendByMonthState *state;
	Request		request;
	const Usage *usage;
	Money		usd;
	CostProblem problem;
	MonthCell  *cell;
	Meter		meter;
	bool		priced = true;

	if (!UsageRequest(fcinfo, NO_BOOK, 1, &request, &usage) || !HasMonth(request.at))
		return StateUnchanged(fcinfo);
	state = StateToAddTo(fcinfo);
	cell = RatedCell(state, &request);
	if (unlikely(cell == NULL || UsageCost(cell->rates, usage, &usd, &problem) != COST_OK))
		cell = PriceRequest(fcinfo, state, &request, 0, 0, usage, &priced, &usd);
	if (unlikely(UsageAdd(&cell->used, usage, &meter) != USAGE_OK || (priced && !MonthCellAddCost(cell, usd))))
		SpendByMonthOverflowError();
	PG_RETURN_DATUM(StateGetDatum(state));
}

Datum
spend_by_month_combine(PG_FUNCTION_ARGS)
{
	SpendByMonthState *state;

	if (PG_ARGISNULL(1))
		return StateUnchanged(fcinfo);
	state = StateToAddTo(fcinfo);
	AddSums(&state->sums, ReadState(PG_GETARG_DATUM(1)));
	PG_RETURN_DATUM(StateGetDatum(state));
}

/* ---------- the result ---------- */

/* The first day of a cell's month. */
static DateADT
CellDate(const MonthCell *cell)
{
	DateADT		date = (DateADT) (cell->from / USECS_PER_DAY);

	if (!IS_VALID_DATE(date))
		MonthError();
	return date;
}

static Datum
CellToComposite(const MonthModel *model, const MonthCell *cell, TupleDesc row)
{
	bool		nulls[CELL_COLUMNS] = {false, false, false, false, !cell->priced};
	Datum		values[CELL_COLUMNS] = {
		PointerGetDatum(cstring_to_text_with_len(model->name, model->length)),
		DateADTGetDatum(CellDate(cell)),
		Int64GetDatum(cell->used.of[METER_REQUESTS]),
		UsageGetDatum(UsageFromCounts(&cell->used)),
		cell->priced ? NumericGetDatum(MoneyToNumeric(cell->usd)) : (Datum) 0
	};

	return HeapTupleGetDatum(heap_form_tuple(row, values, nulls));
}

Datum
spend_by_month_final(PG_FUNCTION_ARGS)
{
	Oid			cell_type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	const SpendByMonth *sums;
	MonthModel **models;
	Datum	   *cells;
	TupleDesc	row;
	int			ncells = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	sums = ReadState(PG_GETARG_DATUM(0));
	models = SortedModels(sums);
	cells = palloc(Max(sums->ncells, 1) * sizeof(Datum));
	row = lookup_rowtype_tupdesc(cell_type, -1);
	for (uint32 i = 0; i < sums->nmodels; i++)
	{
		for (uint32 n = 0; n < models[i]->ncells; n++)
			cells[ncells++] = CellToComposite(models[i], models[i]->cells[n], row);
	}
	ReleaseTupleDesc(row);
	PG_RETURN_ARRAYTYPE_P(construct_array(cells, ncells, cell_type, -1, false, TYPALIGN_DOUBLE));
}
