/*
 * price_rule.c
 *	  Which rate a meter has, of the price rows in force at one moment.
 *
 * A rate is found for a meter in this order: for the meter itself, then for its
 * parent, and so on: the row of the tier and region; of the tier in the base
 * region, times the region's multiplier; of the standard tier in the region,
 * times the tier's (or, failing that, the tier's in the region); of the standard
 * tier in the base region, times both.  Among the rows of one such key a
 * negotiated price comes first, then one for an open weekly window, then the one
 * for the largest context, then, of two open windows, the one valid since later;
 * of multipliers, the meter's own come before those for every meter.  A
 * percentage off is taken as soon as the row is found.  A price in another
 * currency has to be converted before any factor: its factors are only noted.
 */
#include "price/price_rule.h"

#include <limits.h>

static bool
IsList(const PriceRow *row)
{
	return PriceClass(row) == 0;
}

/* Was a row published after another? */
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
	if ((row->meter == METER_ANY) != (best->meter == METER_ANY))
		return best->meter == METER_ANY;
	if (windowed != (best->windows[0] != '\0'))
		return windowed;
	if (row->min_input != best->min_input)
		return row->min_input > best->min_input;
	if (row->valid_from != best->valid_from)
		return row->valid_from > best->valid_from;
	return IsLater(row, best);
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

/* Apply the factor of a row, exactly, or note it for after the conversion; false: it does not fit. */
static bool
Multiply(const PriceRow *factor, RateFound *found)
{
	if (factor == NULL)
		return true;
	if (found->foreign)
	{
		found->factors[found->nfactors++] = factor;
		return true;
	}
	found->status = RateTimes(&found->rate, factor->value, MULTIPLIER_ONE);
	if (found->status != CARD_OK)
		found->culprit = factor;
	return found->status == CARD_OK;
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

	*from = FindRow(active, key, key->service_tier, key->region, meter);
	if (*from == NULL && !base)
	{
		*from = FindRow(active, key, key->service_tier, "", meter);
		by_region = true;
	}
	if (*from == NULL && !standard)
	{
		*from = FindRow(active, key, STANDARD, key->region, meter);
		by_region = false;
		by_tier = true;
	}
	if (*from == NULL && !standard && !base)
	{
		*from = FindRow(active, key, STANDARD, "", meter);
		by_region = true;
	}
	if (*from == NULL)
		return false;

	found->rate = (*from)->value;
	found->contracted = (*from)->kind == CONTRACT_RATE;
	found->foreign = (*from)->kind == PRICE_AMOUNT;
	percentage = found->contracted ? NULL : FindPercentage(active, key, meter);
	found->contracted |= percentage != NULL;
	if (!Multiply(percentage, found))
		return false;
	if (by_tier)
	{
		const PriceRow *factor = FindMultiplier(active, key, key->service_tier, "", meter);

		if (factor == NULL && !by_region)
			factor = FindMultiplier(active, key, key->service_tier, key->region, meter);
		if (!Multiply(factor, found))
			return false;
	}
	if (by_region)
	{
		const PriceRow *factor = FindMultiplier(active, key, key->service_tier, key->region, meter);

		if (factor == NULL)
			factor = FindMultiplier(active, key, STANDARD, key->region, meter);
		return Multiply(factor, found);
	}
	return true;
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
	return true;
}
