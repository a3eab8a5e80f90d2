/*
 * price_rule.c
 *	  Which rate a meter has, of the price rows in force at one moment.
 *
 * A rate is found for a meter in this order: for the meter itself, then for its
 * parent, and so on: the row of the tier and region; of the tier in the base
 * region, times the region's multiplier; of the standard tier in the region,
 * times the tier's (or, failing that, the tier's in the region); of the standard
 * tier in the base region, times both.  The price of the standard tier in the
 * base region may have a multiplier, too: for a context or hours for which nobody
 * who goes before states a price.  Among the rows of one such key a negotiated
 * price comes first, then one's own; then one for an open weekly window, then the
 * one for the largest context (catalogs leave out what they cannot say), then
 * that of the lowest rank: of loaded catalogs before shipped ones; then, of two
 * open windows, the one valid since later; of multipliers, the meter's own come
 * before those for every meter.  A multiplier goes before the price that it replaces when it is of
 * a lower rank.  A percentage off is taken as soon as the row is found.  A price
 * in another currency has to be converted before any factor: its factors are only
 * noted.
 */
#include "price/price_rule.h"

#include <limits.h>

static bool
IsList(const PriceRow *row)
{
	return PriceClass(row) == 0;
}

/* Of two terms of contracts that both hold, was a row published after the other? */
static bool
IsLater(const PriceRow *row, const PriceRow *other)
{
	int			order = CompareInt64(row->published_at, other->published_at);

	if (order == 0)
		order = CompareInt64(row->version, other->version);
	return order > 0 || (order == 0 && row->valid_from > other->valid_from);
}

/* The negotiated rate in force of exactly this tier, region and meter, or NULL. */
static const PriceRow *
FindNegotiated(const ActiveRows *active, const char *tier, const char *region, Meter meter)
{
	const PriceRow *best = NULL;

	for (int i = 0; i < active->count; i++)
	{
		const PriceRow *row = active->rows[i];
		bool		own_region = Same(row->region, region);

		if (IsList(row) || row->kind == CONTRACT_FACTOR ||
			row->scope != SCOPE_MODEL || row->meter != meter ||
			!(Same(row->service_tier, tier) || (Same(row->service_tier, ANY) && Same(tier, STANDARD))) ||
			!(own_region || Same(row->region, ANY)))
			continue;
		if (best == NULL || own_region > Same(best->region, region) ||
			(own_region == Same(best->region, region) && IsLater(row, best)))
			best = row;
	}
	return best != NULL && best->kind == CONTRACT_RATE ? best : NULL;
}

/* Is a list row of exactly this tier and region, for the context and hours of the key? */
static bool
Serves(const PriceRow *row, const VectorKey *key, const char *tier, const char *region)
{
	bool		open = row->windows[0] == '\0';

	for (int i = 0; i < key->nopen && !open; i++)
		open = Same(key->open[i], row->windows);
	return open && row->min_input <= key->min_input &&
		Same(row->service_tier, tier) && Same(row->region, region);
}

/* Is a list row to be preferred to the best so far, of the same tier and region? */
static bool
IsBetter(const PriceRow *row, const PriceRow *best)
{
	bool		windowed = row->windows[0] != '\0';

	if (best == NULL)
		return true;
	if ((row->rank == RANK_OWN) != (best->rank == RANK_OWN))
		return row->rank == RANK_OWN;
	if ((row->meter == METER_ANY) != (best->meter == METER_ANY))
		return best->meter == METER_ANY;
	if (windowed != (best->windows[0] != '\0'))
		return windowed;
	if (row->min_input != best->min_input)
		return row->min_input > best->min_input;
	if (row->rank != best->rank)
		return row->rank < best->rank;
	return CompareInForce(row, best) > 0;
}

/* The best row in force of exactly this tier, region and meter, or NULL. */
static const PriceRow *
FindRow(const ActiveRows *active, const VectorKey *key, const char *tier, const char *region, Meter meter)
{
	const PriceRow *best = FindNegotiated(active, tier, region, meter);

	if (best != NULL)
		return best;
	for (int i = 0; i < active->count; i++)
	{
		const PriceRow *row = active->rows[i];

		if ((row->kind == PRICE_RATE || row->kind == PRICE_AMOUNT) && row->meter == meter &&
			Serves(row, key, tier, region) && IsBetter(row, best))
			best = row;
	}
	return best;
}

/* How narrow a term of a contract is. */
static int
Narrowness(const PriceRow *term)
{
	return (int) term->scope * 8 + (term->meter != METER_ANY) * 4 +
		!Same(term->service_tier, ANY) * 2 + !Same(term->region, ANY);
}

/* The narrowest percentage in force for a lane and meter, or NULL. */
static const PriceRow *
FindPercentage(const ActiveRows *active, const VectorKey *key, Meter meter)
{
	const PriceRow *best;
	int			below = INT_MAX;

	do
	{
		best = NULL;
		for (int i = 0; i < active->count; i++)
		{
			const PriceRow *row = active->rows[i];

			if ((row->kind != CONTRACT_FACTOR && row->kind != CONTRACT_NONE) || Narrowness(row) >= below ||
				!(row->meter == meter || row->meter == METER_ANY) ||
				!(Same(row->service_tier, key->service_tier) || Same(row->service_tier, ANY)) ||
				!(Same(row->region, key->region) || Same(row->region, ANY)))
				continue;
			if (best == NULL || Narrowness(row) > Narrowness(best) ||
				(Narrowness(row) == Narrowness(best) && IsLater(row, best)))
				best = row;
		}
		below = best == NULL ? 0 : Narrowness(best);
	} while (best != NULL && best->kind == CONTRACT_NONE);
	return best;
}

/* The multiplier in force of exactly this tier and region, for a meter, or NULL. */
static const PriceRow *
FindMultiplier(const ActiveRows *active, const VectorKey *key, const char *tier, const char *region, Meter meter)
{
	const PriceRow *best = NULL;

	for (int i = 0; i < active->count; i++)
	{
		const PriceRow *row = active->rows[i];
		bool		any = row->meter == METER_ANY && MeterIsTokens(meter);

		if (row->kind == PRICE_MULTIPLIER && (any || row->meter == meter) &&
			Serves(row, key, tier, region) && IsBetter(row, best))
			best = row;
	}
	return best;
}

/* The row of exactly this tier, region and meter, unless a multiplier of a lower rank takes its place; or NULL. */
static const PriceRow *
FindPrice(const ActiveRows *active, const VectorKey *key, const char *tier, const char *region, Meter meter)
{
	const PriceRow *row = FindRow(active, key, tier, region, meter);
	const PriceRow *factor;

	if (row == NULL || !IsList(row) || (Same(tier, STANDARD) && region[0] == '\0'))
		return row;
	factor = FindMultiplier(active, key, tier, region, meter);
	return factor != NULL && factor->rank < row->rank ? NULL : row;
}

/* The multiplier on the standard price of the base region for a context or hours that the price is not for, or NULL. */
static const PriceRow *
FindBaseMultiplier(const ActiveRows *active, const VectorKey *key, const PriceRow *from, Meter meter)
{
	const PriceRow *factor;

	if (!Same(from->service_tier, STANDARD) || from->region[0] != '\0')
		return NULL;
	factor = FindMultiplier(active, key, STANDARD, "", meter);
	if (factor == NULL)
		return NULL;
	return factor->min_input > from->min_input || (factor->windows[0] != '\0' && from->windows[0] == '\0') ? factor : NULL;
}

/* Note the factor of a row, and apply it, exactly, unless the price has to be converted first; false: it does not fit. */
static bool
Multiply(const PriceRow *factor, RateFound *found)
{
	if (factor == NULL)
		return true;
	found->factors[found->nfactors++] = factor;
	if (found->foreign)
		return true;
	found->status = RateTimes(&found->rate, factor->value, MULTIPLIER_ONE);
	if (found->status != CARD_OK)
		found->culprit = factor;
	return found->status == CARD_OK;
}

/* Is there a list price of tokens at a tier, for whatever region? */
static bool
TierPricesTokens(const ActiveRows *active, const char *tier)
{
	for (int i = 0; i < active->count; i++)
	{
		const PriceRow *row = active->rows[i];

		if (IsList(row) && Same(row->service_tier, tier) && row->meter != METER_ANY && MeterSideOf(row->meter) != SIDE_OTHER)
			return true;
	}
	return false;
}

/* Is there a list price of this region, at the tier or the standard one? */
static bool
HasRegionalPrice(const ActiveRows *active, const char *region)
{
	for (int i = 0; i < active->count; i++)
	{
		if (IsList(active->rows[i]) && Same(active->rows[i]->region, region))
			return true;
	}
	return false;
}

/* Multiply what was found at another tier by what the tier is worth; false: it does not fit. */
static bool
MultiplyForTier(const ActiveRows *active, const VectorKey *key, Meter meter, bool by_region, RateFound *found)
{
	const PriceRow *factor = FindMultiplier(active, key, key->service_tier, "", meter);

	if (factor == NULL && !by_region)
		factor = FindMultiplier(active, key, key->service_tier, key->region, meter);
	found->fallback_tier = factor == NULL && !found->contracted && MeterSideOf(meter) != SIDE_OTHER &&
		TierPricesTokens(active, key->service_tier);
	return Multiply(factor, found);
}

/* Multiply what was found for the base region by what the region is worth; false: it does not fit. */
static bool
MultiplyForRegion(const ActiveRows *active, const VectorKey *key, Meter meter, RateFound *found)
{
	const PriceRow *factor = FindMultiplier(active, key, key->service_tier, key->region, meter);

	if (factor == NULL)
		factor = FindMultiplier(active, key, STANDARD, key->region, meter);
	found->fallback_region = factor == NULL && !found->contracted && MeterSideOf(meter) != SIDE_OTHER &&
		HasRegionalPrice(active, key->region);
	return Multiply(factor, found);
}

/* Find the rate of a meter itself, not of its parents; false: none, or failed. */
static bool
FindOwnRate(const ActiveRows *active, const VectorKey *key, Meter meter, RateFound *found)
{
	const PriceRow **from = &found->from;
	const PriceRow *percentage;
	bool		standard = Same(key->service_tier, STANDARD);
	bool		base = key->region[0] == '\0';
	bool		by_region = false,
				by_tier = false;

	*from = FindPrice(active, key, key->service_tier, key->region, meter);
	if (*from == NULL && !base)
	{
		*from = FindPrice(active, key, key->service_tier, "", meter);
		by_region = true;
	}
	if (*from == NULL && !standard)
	{
		*from = FindPrice(active, key, STANDARD, key->region, meter);
		by_region = false;
		by_tier = true;
	}
	if (*from == NULL && !standard && !base)
	{
		*from = FindPrice(active, key, STANDARD, "", meter);
		by_region = true;
	}
	if (*from == NULL)
		return false;

	found->rate = (*from)->value;
	found->contracted = (*from)->kind == CONTRACT_RATE;
	found->foreign = (*from)->kind == PRICE_AMOUNT;
	percentage = found->contracted ? NULL : FindPercentage(active, key, meter);
	if (!Multiply(percentage, found))
		return false;
	if (!found->contracted && !Multiply(FindBaseMultiplier(active, key, *from, meter), found))
		return false;
	if (by_tier && !MultiplyForTier(active, key, meter, by_region, found))
		return false;
	if (by_region && !MultiplyForRegion(active, key, meter, found))
		return false;
	found->contracted |= percentage != NULL;
	return true;
}

/* Has a source that was read when the price already held another one for the very same? */
static bool
Disagrees(const PriceRow *row, const PriceRow *from)
{
	return (row->kind != from->kind || row->value != from->value || !Same(row->currency, from->currency)) &&
		row->checked_on >= CheckedDay(from->valid_from);
}

static bool
IsSameKey(const PriceRow *a, const PriceRow *b)
{
	return a->meter == b->meter && a->min_input == b->min_input && Same(a->service_tier, b->service_tier) &&
		Same(a->region, b->region) && Same(a->windows, b->windows);
}

/* What sources say of a list price, by what it states of itself and by the others that are known. */
static Agreement
AgreementOn(const ActiveRows *active, const PriceRow *from)
{
	Agreement	agreement = from->agreement;

	if (agreement == AGREEMENT_DISPUTED || from->rank == RANK_OWN)
		return agreement;
	for (int i = 0; i < active->count; i++)
	{
		const PriceRow *row = active->rows[i];

		if ((row->kind != PRICE_RATE && row->kind != PRICE_AMOUNT) || row->rank == RANK_OWN || row->rank == from->rank ||
			!IsSameKey(row, from))
			continue;
		if (Disagrees(row, from))
			return AGREEMENT_DISPUTED;
		if (row->kind == from->kind && row->value == from->value)
			agreement = AGREEMENT_AGREED;
	}
	return agreement;
}

/* Judge what a rate rests on, as far as the request has no part in it. */
static void
Judge(const ActiveRows *active, Meter meter, RateFound *found)
{
	const PriceRow *from = found->from;
	Agreement	agreement = IsList(from) ? AgreementOn(active, from) : AGREEMENT_UNKNOWN;

	found->confidence = CONFIDENCE_EXACT;
	found->checked_on = IsList(from) ? from->checked_on : CHECKED_ALWAYS;
	for (int i = 0; i < found->nfactors; i++)
	{
		const PriceRow *factor = found->factors[i];

		if (!IsList(factor))
			continue;
		found->confidence = CONFIDENCE_DERIVED;
		if (factor->checked_on < found->checked_on)
			found->checked_on = factor->checked_on;
		if (factor->agreement == AGREEMENT_DISPUTED || (factor->agreement == AGREEMENT_SINGLE && agreement < AGREEMENT_SINGLE))
			agreement = factor->agreement;
	}
	if (agreement == AGREEMENT_SINGLE)
		found->confidence = CONFIDENCE_SINGLE_SOURCE;
	if (agreement == AGREEMENT_DISPUTED)
		found->confidence = CONFIDENCE_DISPUTED;
	/* Reasoning is output, where no price of its own says otherwise. */
	if (found->fallback_tier || (found->priced_as != meter && meter != METER_REASONING))
		found->confidence = CONFIDENCE_FALLBACK_METER;
	if (found->fallback_region)
		found->confidence = CONFIDENCE_FALLBACK_REGION;
}

bool
FindRate(const ActiveRows *active, const VectorKey *key, Meter meter, RateFound *found)
{
	Meter		priced_as = meter;

	while (!FindOwnRate(active, key, priced_as, found))
	{
		if (found->status != CARD_OK || MeterParent(priced_as) == priced_as)
			return false;
		priced_as = MeterPricedAs(meter, priced_as);
	}
	found->priced_as = priced_as;
	Judge(active, meter, found);
	return true;
}
