/*
 * book_argument.c
 *	  A price_book as an argument of a function.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "utils/memutils.h"

#include "server/call_site.h"
#include "server/compat.h"
#include "session/book_argument.h"

/* A stored value whole in memory, when it was made by a build like this one and is not damaged. */
static const PriceBook *
CheckedBook(struct varlena *value)
{
	const PriceBook *book = (const PriceBook *) value;

	switch (PriceBookCheck(book, VARSIZE(value)))
	{
		case BOOK_OK:
			break;
		case BOOK_OTHER_FORMAT:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the price_book was stored by another version of inferacct"),
					 errdetail("Its format is number %d, this version reads number %d.", book->format, PRICE_BOOK_FORMAT),
					 errhint("Make it again with price_book(), or move it as text from the version that made it.")));
			break;
		case BOOK_OTHER_METERS:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the price_book was stored by another version of inferacct"),
					 errdetail("It has rates of %d meters, this version has %d meters.", book->meters, METER_COUNT),
					 errhint("Make it again with price_book(), or move it as text from the version that made it.")));
			break;
		case BOOK_DAMAGED:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the stored price_book is damaged"),
					 errhint("Make it again with price_book().")));
	}
	return book;
}

const PriceBook *
BookArgument(FunctionCallInfo fcinfo, int argument)
{
	return CheckedBook(PG_DETOAST_DATUM(PG_GETARG_DATUM(argument)));
}

/* What identifies a book without reading it whole: where it is stored, else its size and fingerprint. */
typedef struct BookKey
{
	char		pointer[TOAST_POINTER_SIZE];
	uint32		size;
	uint64		fingerprint;
} BookKey;

static CallKey
KeyOfBook(struct varlena *value, BookKey *key)
{
	if (VARATT_IS_EXTERNAL_ONDISK(value))
		return (CallKey) {.bytes = {value},.length = {TOAST_POINTER_SIZE}};
	if (VARATT_IS_EXTENDED(value))
		value = pg_detoast_datum(value);
	if (VARSIZE(value) < sizeof(PriceBook))
		CheckedBook(value);		/* complains */
	memset(key, 0, sizeof(*key));
	key->size = VARSIZE(value);
	key->fingerprint = ((const PriceBook *) value)->fingerprint;
	return (CallKey) {.bytes = {key},.length = {sizeof(*key)}};
}

/* What a call site keeps for a book. */
typedef struct BookCall
{
	Pricing    *pricing;
} BookCall;

Pricing *
PricingOfArgument(FunctionCallInfo fcinfo, int argument)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(argument);
	BookKey		key;
	CallKey		call_key = KeyOfBook(value, &key);
	BookCall   *call = CallCacheFind(fcinfo, call_key);
	MemoryContext caller;
	const PriceBook *book;

	if (likely(call != NULL))
		return call->pricing;
	call = CallCacheMake(call_key, "price book", sizeof(BookCall));
	caller = MemoryContextSwitchTo(CallValueContext(call));
	book = CheckedBook(pg_detoast_datum_copy(value));
	MemoryContextSwitchTo(caller);
	call->pricing = PricingCreate(CallValueContext(call), "inferacct prices of a book", book);
	CallCacheKeep(fcinfo, call);
	return call->pricing;
}
