/*
 * price_book_sql.c
 *	  Type price_book: making one, telling about it, text and binary forms.
 *
 * The binary form is the text form after a version byte, as jsonb's is.  A book
 * takes the settings of the session that makes it, and carries them: functions
 * that take one look at no setting.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "core/host_sql.h"
#include "server/errors.h"
#include "price/price_book_text.h"
#include "session/book_argument.h"
#include "session/known_at.h"
#include "session/price_cache.h"
#include "session/price_fetch.h"
#include "server/guc.h"

PG_FUNCTION_INFO_V1(price_book_in);
PG_FUNCTION_INFO_V1(price_book_out);
PG_FUNCTION_INFO_V1(price_book_recv);
PG_FUNCTION_INFO_V1(price_book_send);
PG_FUNCTION_INFO_V1(price_book_make);
PG_FUNCTION_INFO_V1(price_book_of_version);
PG_FUNCTION_INFO_V1(price_book_scale);
PG_FUNCTION_INFO_V1(price_book_info);

#define BINARY_VERSION 1
#define INFO_COLUMNS 11

/* Finish a book that was just built as a Datum. */
static Datum
BookGetDatum(PriceBook *book)
{
	SET_VARSIZE(book, book->size);
	return PointerGetDatum(book);
}

/* Copy a book that was built in scratch memory, and let go of that. */
static Datum
CopyOfBook(const PriceBook *built, MemoryContext scratch)
{
	PriceBook  *book = palloc(built->size);

	memcpy(book, built, built->size);
	MemoryContextDelete(scratch);
	return BookGetDatum(book);
}

/* Build the book of a text in memory of a context; *problem is what is wrong, or NULL. */
static PriceBook *
BuildFromText(const char *json, MemoryContext context, const char **problem)
{
	Host		host = HostOf(context);
	cJSON	   *root = cJSON_ParseWithOpts(json, NULL, true);
	PriceBook  *volatile built;

	PG_TRY();
	{
		built = PriceBookFromJson(root, &host, problem);
	}
	PG_FINALLY();
	{
		cJSON_Delete(root);
	}
	PG_END_TRY();
	return built;
}

static Datum
BookOfText(const char *json, bool binary)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "price book rows", ALLOCSET_DEFAULT_SIZES);
	const char *problem;
	PriceBook  *built = BuildFromText(json, scratch, &problem);

	if (built == NULL)
		ereport(ERROR,
				(errcode(binary ? ERRCODE_INVALID_BINARY_REPRESENTATION : ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input for type %s", "price_book"),
				 errdetail("In its JSON, %s.", problem),
				 errhint("Make price books with price_book(), price_book(as_of => '...') or price_book(contract => '...'); the text form is for storing and moving them.")));
	return CopyOfBook(built, scratch);
}

/* The text of a book, palloc'd. */
static char *
TextOfBook(const PriceBook *book)
{
	char	   *json = PriceBookToText(book);
	char	   *copy = json == NULL ? NULL : MemoryContextAllocExtended(CurrentMemoryContext, strlen(json) + 1,
																	  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);

	if (copy != NULL)
		strcpy(copy, json);
	free(json);
	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory for the text of a price book")));
	return copy;
}

Datum
price_book_in(PG_FUNCTION_ARGS)
{
	return BookOfText(PG_GETARG_CSTRING(0), false);
}

Datum
price_book_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextOfBook(BookArgument(fcinfo, 0)));
}

Datum
price_book_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			version = pq_getmsgint(message, 1);
	int			nbytes;

	if (version != BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unsupported price_book version number %d", version)));
	return BookOfText(pq_getmsgtext(message, message->len - message->cursor, &nbytes), true);
}

Datum
price_book_send(PG_FUNCTION_ARGS)
{
	char	   *json = TextOfBook(BookArgument(fcinfo, 0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint8(&message, BINARY_VERSION);
	pq_sendtext(&message, json, strlen(json));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

static Datum
MakeBook(const PriceScope *scope)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "price book rows", ALLOCSET_DEFAULT_SIZES);

	return CopyOfBook(LoadPriceBook(scope, scratch), scratch);
}

/* The contract of an argument, or of the session when it is NULL. */
static const char *
ContractArgument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? setting_contract : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* Is what has no price left out: as an argument says, or the session when it is NULL? */
static bool
UnpricedArgument(FunctionCallInfo fcinfo, int argument)
{
	char	   *word;

	if (PG_ARGISNULL(argument))
		return setting_unpriced == UNPRICED_NULL;
	word = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	if (strcmp(word, "null") != 0 && strcmp(word, "error") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unpriced cannot be \"%s\"", word),
				 errhint("It is 'error' or 'null'; NULL takes inferacct.unpriced.")));
	return strcmp(word, "null") == 0;
}

/* Is what only a guess or a fallback could price refused: as an argument says, or the session when it is NULL? */
static bool
GuessArgument(FunctionCallInfo fcinfo, int argument)
{
	char	   *word;

	if (PG_ARGISNULL(argument))
		return setting_guess == GUESS_REFUSE;
	word = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	if (strcmp(word, "refuse") != 0 && strcmp(word, "allow") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("guess cannot be \"%s\"", word),
				 errhint("It is 'allow' or 'refuse'; NULL takes inferacct.guess.")));
	return strcmp(word, "refuse") == 0;
}

Datum
price_book_make(PG_FUNCTION_ARGS)
{
	PriceScope	scope = {
		.last_version = PG_INT64_MAX,
		.contract = ContractArgument(fcinfo, 1),
		.unpriced_null = UnpricedArgument(fcinfo, 2),
		.refuse_guess = GuessArgument(fcinfo, 3),
		.stale_after = SettingStaleAfter()
	};

	scope.as_of = KnownAt(PG_ARGISNULL(0) ? SettingAsOf() : PG_GETARG_TIMESTAMPTZ(0), &scope.before_known);
	return MakeBook(&scope);
}

Datum
price_book_of_version(PG_FUNCTION_ARGS)
{
	PriceScope	scope = {
		.as_of = DT_NOEND,.contract = ContractArgument(fcinfo, 1),.unpriced_null = UnpricedArgument(fcinfo, 2),
		.refuse_guess = setting_guess == GUESS_REFUSE,.stale_after = SettingStaleAfter()
	};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	scope.last_version = PG_GETARG_INT64(0);
	return MakeBook(&scope);
}

/* A text argument in C form, NULL for NULL. */
static const char *
NameArgument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

Datum
price_book_scale(PG_FUNCTION_ARGS)
{
	MemoryContext scratch;
	Host		host;
	BookScale	scale;
	const char *meter = NameArgument(fcinfo, 4);
	char	   *factor;
	PriceBook  *built;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	factor = DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(1)));
	scale.provider = NameArgument(fcinfo, 2);
	scale.model = NameArgument(fcinfo, 3);
	scale.meter = meter == NULL ? METER_ANY : MeterByName(meter, strlen(meter));
	if (meter != NULL && scale.meter == METER_ANY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown meter \"%s\"", meter),
				 errhint("Meters are %s.", METER_NAMES)));
	/* A factor x 1e-9 is a decimal per 1e6 in the 1e-15 of rates. */
	if (RateFromDecimal(factor, 1000000, &scale.factor) != MONEY_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a factor cannot be %s", factor),
				 errhint("Use a number of at most 9 decimals that is not negative, such as 0.85 for 15 %% off.")));
	scratch = AllocSetContextCreate(CurrentMemoryContext, "price book rows", ALLOCSET_DEFAULT_SIZES);
	host = HostOf(scratch);
	built = PriceBookScale(BookArgument(fcinfo, 0), &scale, &host);
	if (built == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_IA_PRICE_PRECISION),
				 errmsg("a price times %s does not fit the fixed point of 1e-15 USD per unit", factor),
				 errhint("Use a factor of fewer decimals.")));
	return CopyOfBook(built, scratch);
}

/* Milliseconds to build a book from its own text. */
static float8
BuildTime(const PriceBook *book)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "price book rows", ALLOCSET_DEFAULT_SIZES);
	char	   *json = TextOfBook(book);
	const char *problem;
	instr_time	begin,
				end;

	INSTR_TIME_SET_CURRENT(begin);
	BuildFromText(json, scratch, &problem);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, begin);
	MemoryContextDelete(scratch);
	pfree(json);
	return INSTR_TIME_GET_MILLISEC(end);
}

Datum
price_book_info(PG_FUNCTION_ARGS)
{
	const PriceBook *book = BookArgument(fcinfo, 0);
	TupleDesc	tupdesc;
	bool		nulls[INFO_COLUMNS] = {false};
	Datum		values[INFO_COLUMNS];
	int64		prices = 0;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "price_book_info must return a row");
	for (uint32 i = 0; i < book->ncards; i++)
		prices += PriceBookCardAt(book, i)->nrows;
	values[0] = Int64GetDatum(book->version);
	values[1] = TimestampTzGetDatum(book->as_of);
	values[2] = CStringGetTextDatum(PriceBookString(book, book->contract));
	values[3] = Int64GetDatum(book->ncards);
	values[4] = Int64GetDatum(prices);
	values[5] = Int64GetDatum(book->naliases);
	values[6] = Int64GetDatum(book->size);
	values[7] = Float8GetDatum(BuildTime(book));
	values[8] = CStringGetTextDatum(book->unpriced_null ? "null" : "error");
	values[9] = CStringGetTextDatum(book->guess_refuse ? "refuse" : "allow");
	values[10] = Int32GetDatum(book->stale_after);
	nulls[10] = book->stale_after == STALE_NEVER;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}
