/*
 * known_at.c
 *	  The time as of which prices are known, and what a time hides.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "server/compat.h"
#include "server/guc.h"
#include "server/spi_query.h"
#include "session/known_at.h"
#include "session/model_fetch.h"

PG_FUNCTION_INFO_V1(price_horizon);
PG_FUNCTION_INFO_V1(hidden_note);

static SpiQuery oldest_query = {
	.sql = "SELECT pg_catalog.min(published_at) FROM inferacct.price_version"
};

/* When the prices of a model became known, by all that is known. */
static SpiQuery published_query = {
	.sql = "SELECT pg_catalog.min(v.published_at) "
	"FROM inferacct.price p JOIN inferacct.price_version v ON v.version OPERATOR(pg_catalog.=) p.version "
	"WHERE p.model OPERATOR(pg_catalog.=) $1 AND p.provider OPERATOR(pg_catalog.=) $2",
	.nargs = 2,
	.types = {TEXTOID, TEXTOID}
};

/* Tell the session, once for each time that it asks about; its workers say nothing. */
static void
TellOnce(TimestampTz as_of, TimestampTz oldest)
{
	static TimestampTz told = DT_NOEND;
	char	   *asked;

	if (told == as_of || IsParallelWorker())
		return;
	told = as_of;
	asked = pstrdup(timestamptz_to_str(as_of));
	ereport(NOTICE,
			(errmsg("no price version is as old as %s", asked),
			 errdetail("The oldest one was published at %s and is used instead.", timestamptz_to_str(oldest))));
}

TimestampTz
KnownAt(TimestampTz as_of, bool *before_known)
{
	TimestampTz oldest;
	bool		none;

	*before_known = false;
	if (as_of == DT_NOEND)
		return as_of;
	SpiQueryBegin(&oldest_query, NULL);
	oldest = DatumGetTimestampTz(Column(0, 1, &none));
	SpiQueryEnd();
	if (none || oldest <= as_of)
		return as_of;
	*before_known = true;
	TellOnce(as_of, oldest);
	return oldest;
}

/* inferacct.as_of as a time; infinity when it is not set. */
Datum
price_horizon(PG_FUNCTION_ARGS)
{
	bool		before_known;

	PG_RETURN_TIMESTAMPTZ(KnownAt(SettingAsOf(), &before_known));
}

char *
HiddenModel(const PriceReader *reader, const char *name, TimestampTz at)
{
	PriceReader all = *reader;
	ModelMatch	match;
	TimestampTz published;
	bool		none;
	char	   *since;
	Datum		args[2];

	if (reader->as_of == DT_NOEND)
		return NULL;
	all.as_of = DT_NOEND;
	all.npatterns = -1;
	all.ranks.as_of = DT_NOEND;
	all.ranks.read = false;
	if (LoadModel(&all, name, at, &match) != MODEL_FOUND)
		return NULL;
	args[0] = CStringGetTextDatum(match.ref.model);
	args[1] = CStringGetTextDatum(match.ref.provider);
	SpiQueryBegin(&published_query, args);
	published = DatumGetTimestampTz(Column(0, 1, &none));
	SpiQueryEnd();
	if (none || published <= reader->as_of)
		return NULL;
	since = pstrdup(timestamptz_to_str(published));
	return psprintf("%s/%s is known since %s, and prices are asked for as of %s.",
					match.ref.provider, match.ref.model, since, timestamptz_to_str(reader->as_of));
}

char *
HiddenNote(TimestampTz as_of)
{
	if (as_of == DT_NOEND)
		return pstrdup("");
	return psprintf(" Prices are asked for as of %s: what was published later is not seen.", timestamptz_to_str(as_of));
}

/* The same for SQL, of the setting. */
Datum
hidden_note(PG_FUNCTION_ARGS)
{
	bool		before_known;

	PG_RETURN_TEXT_P(cstring_to_text(HiddenNote(KnownAt(SettingAsOf(), &before_known))));
}
