/*
 * refusal.c
 *	  Why a name has no price, in words: what it is like, what it might mean, and
 *	  what to do.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "model/model_advice.h"
#include "model/model_suggest.h"
#include "model/provider_name.h"
#include "server/compat.h"
#include "server/errors.h"
#include "session/known_at.h"
#include "session/model_fetch.h"
#include "session/refusal.h"

static void
AppendCandidates(StringInfo list, const ModelMatch *match)
{
	for (int i = 0; i < match->candidate_count; i++)
		appendStringInfo(list, "%s%s/%s", i == 0 ? "" : ", ",
						 match->candidates[i].provider, match->candidates[i].model);
}

/* Names of the book, as "provider/model". */
static int
KnownNames(Pricing *pricing, char ***names)
{
	if (pricing->book == NULL)
		return LoadModelNames(pricing->reader.as_of, names, CurrentMemoryContext);

	*names = palloc(Max(pricing->book->ncards, 1) * sizeof(char *));
	for (uint32 i = 0; i < pricing->book->ncards; i++)
	{
		const RateCard *card = PriceBookCardAt(pricing->book, i);

		(*names)[i] = psprintf("%s/%s", CardString(card, card->provider), CardString(card, card->model));
	}
	return (int) pricing->book->ncards;
}

/* Up to three known models whose names are nearest, of every provider, as "provider/model". */
static void
AppendNearest(StringInfo list, Pricing *pricing, const char *name)
{
	char	  **names;
	int			count = KnownNames(pricing, &names);
	Nearest		nearest;

	NearestInit(&nearest, name);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		NearestOffer(&nearest, strchr(names[i], '/') + 1);
	}
	for (int n = 0; n < nearest.count; n++)
	{
		const char *maker = MakerOf(nearest.best[n].name);

		/* Of those that have it, the maker goes first. */
		for (int pass = maker == NULL; pass < 2; pass++)
		{
			for (int i = 0; i < count; i++)
			{
				bool		by_maker = maker != NULL && strncmp(names[i], maker, strlen(maker)) == 0 && names[i][strlen(maker)] == '/';

				if (by_maker == (pass == 0) && strcmp(nearest.best[n].name, strchr(names[i], '/') + 1) == 0)
					appendStringInfo(list, "%s%s", list->len == 0 ? "" : ", ", names[i]);
			}
		}
	}
}

const char *
LeaveOutHint(const Pricing *pricing)
{
	return pricing->book != NULL ? "make the book with price_book(unpriced => 'null') to leave such requests out" :
		"SET inferacct.unpriced = 'null' to leave such requests out";
}

void
RaiseRefusal(const Refusal *refusal)
{
	ereport(ERROR,
			(errcode(refusal->sqlstate),
			 errmsg_internal("%s", refusal->message),
			 errdetail_internal("%s", refusal->detail),
			 errhint("%s", refusal->hint)));
}

Refusal
NameRefusal(Pricing *pricing, const char *name, Size length, TimestampTz at, bool near)
{
	char	   *shown = pnstrdup(name, pg_mbcliplen(name, (int) length, MODEL_NAME_SIZE - 1));
	char	   *terminated = pnstrdup(name, length);
	char	   *time = pstrdup(timestamptz_to_str(at));
	char	   *hidden = near && pricing->book == NULL ? HiddenModel(&pricing->reader, terminated, at) : NULL;
	ModelMatch	match;
	ModelStatus status = PricingResolve(pricing, terminated, at, &match);
	StringInfoData list;
	const char *meant;
	const char *advice;

	initStringInfo(&list);
	if (status == MODEL_AMBIGUOUS)
	{
		AppendCandidates(&list, &match);
		return (Refusal) {
			.sqlstate = ERRCODE_IA_AMBIGUOUS_MODEL,
			.message = psprintf("model \"%s\" is ambiguous", shown),
			.detail = psprintf("%d providers have it: %s.", match.provider_count, list.data),
			.hint = psprintf("Write the provider too, as in \"%s/%s\", or add an alias.",
							 match.candidates[0].provider, match.candidates[0].model)
		};
	}
	if (hidden != NULL)
		return (Refusal) {
			.sqlstate = ERRCODE_IA_UNKNOWN_MODEL,
			.message = psprintf("unknown model \"%s\"", shown),
			.detail = hidden,
			.hint = "RESET inferacct.as_of, or ask as of a time when it was known."
		};
	if (status == MODEL_FOUND)
		return (Refusal) {
			.sqlstate = ERRCODE_IA_UNKNOWN_MODEL,
			.message = psprintf("unknown model \"%s\"", shown),
			.detail = psprintf("It means %s/%s at %s, which has no prices.", match.ref.provider, match.ref.model, time),
			.hint = "Add prices with set_price() or load_prices()."
		};
	if (status == MODEL_UNKNOWN)
		AppendCandidates(&list, &match);
	if (near && list.len == 0)
		AppendNearest(&list, pricing, terminated);
	advice = ModelAdvice(terminated);
	meant = list.len == 0 ? "provider/model" : pnstrdup(list.data, strcspn(list.data, ","));
	return (Refusal) {
		.sqlstate = ERRCODE_IA_UNKNOWN_MODEL,
		.message = psprintf("unknown model \"%s\"", shown),
		.detail = psprintf("No provider has prices for it (request of %s).", time),
		.hint = psprintf("%s%s%s%s%sAdd a price with set_price(), or say what it means, as in SELECT set_alias(%s, %s). %s",
						 advice == NULL ? "" : advice, advice == NULL ? "" : " ",
						 list.len == 0 ? "" : "Nearest known: ", list.data, list.len == 0 ? "" : ". ",
						 quote_literal_cstr(shown), quote_literal_cstr(meant),
						 pricing->book != NULL ? "A book made with price_book(unpriced => 'null') leaves such requests out." :
						 "View unpriced_usage lists all such names of the log; SET inferacct.unpriced = 'null' leaves such requests out.")
	};
}
