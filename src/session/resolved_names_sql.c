/*
 * resolved_names_sql.c
 *	  What the labels of a request mean: resolved_provider(), resolved_model(),
 *	  resolved_tier(), resolved_region(), by which reports group.
 *
 * Invariant: requests that the Pricing of the statement prices by the same card
 * have the same model here, however a log spells it; what nobody knows keeps the
 * name that the log gives it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/service_tier.h"
#include "model/model_resolve.h"
#include "model/provider_name.h"
#include "session/price_cache.h"
#include "session/request_arguments.h"

PG_FUNCTION_INFO_V1(resolved_provider);
PG_FUNCTION_INFO_V1(resolved_model);
PG_FUNCTION_INFO_V1(resolved_tier);
PG_FUNCTION_INFO_V1(resolved_region);

/* What the model in two arguments, its name and the time, means; NULL when either is, or when nobody knows it. */
static const NameSpan *
KnownSpan(FunctionCallInfo fcinfo, int first)
{
	RequestText model = TextArgument(fcinfo, first);
	const NameSpan *span;

	if (model.bytes == NULL || PG_ARGISNULL(first + 1))
		return NULL;
	CheckRequestTime(PG_GETARG_TIMESTAMPTZ(first + 1));
	span = PricingName(PricingOfStatement(), model.bytes, model.length, PG_GETARG_TIMESTAMPTZ(first + 1));
	return span->card == NULL ? NULL : span;
}

static Datum
TextOf(RequestText text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.bytes, (int) text.length));
}

/* (provider, model, at): who served the request. */
Datum
resolved_provider(PG_FUNCTION_ARGS)
{
	RequestText label = TextArgument(fcinfo, 0);
	RequestText model = TextArgument(fcinfo, 1);
	const NameSpan *span = KnownSpan(fcinfo, 1);
	const char *vendor = span == NULL ? NULL : CardString(span->card, span->card->provider);
	const char *slash;
	char		name[MODEL_NAME_SIZE];

	if (label.bytes == NULL || label.length == 0)
	{
		if (vendor != NULL)
			PG_RETURN_TEXT_P(cstring_to_text(vendor));
		slash = model.bytes == NULL ? NULL : memchr(model.bytes, '/', model.length);
		if (slash == NULL || slash == model.bytes)
			PG_RETURN_NULL();
		label = (RequestText) {model.bytes, (Size) (slash - model.bytes)};
	}
	if (!ProviderNameOf(label.bytes, label.length, vendor, name))
		return TextOf(label);
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/* (model, at): the model, as provider/model when its prices are known. */
Datum
resolved_model(PG_FUNCTION_ARGS)
{
	const NameSpan *span = KnownSpan(fcinfo, 0);

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (span == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s/%s", CardString(span->card, span->card->provider),
											 CardString(span->card, span->card->model))));
}

/* (service_tier): the word that prices have for it. */
Datum
resolved_tier(PG_FUNCTION_ARGS)
{
	RequestText tier = TextArgument(fcinfo, 0);
	char	   *word = palloc(SERVICE_TIER_ROOM(tier.length));

	PG_RETURN_TEXT_P(cstring_to_text_with_len(word, (int) ServiceTierOf(tier.bytes == NULL ? "" : tier.bytes, tier.length, word)));
}

/* (region, model, at): what the log says, or else the model's name. */
Datum
resolved_region(PG_FUNCTION_ARGS)
{
	const NameSpan *span;

	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	span = KnownSpan(fcinfo, 1);
	if (span == NULL || span->region_length == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(span->region, (int) span->region_length));
}
