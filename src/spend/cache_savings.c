/*
 * cache_savings.c
 *	  What a prompt cache saves, and what it costs to fill it.
 */
#include "spend/cache_savings.h"

static bool
HasRate(const RateVector *vector, Meter meter)
{
	return (vector->priced & ~vector->foreign & METER_BIT(meter)) != 0;
}

/* The meter of tokens like these that a cache holds; the meter itself when there is none. */
static Meter
CachedMeter(Meter meter)
{
	if (MeterCacheOf(meter) == CACHE_WRITES)
		return METER_CACHE_READ;
	for (Meter cached = 0; cached < METER_COUNT; cached++)
	{
		if (MeterCacheOf(cached) == CACHE_READS && MeterUncached(cached) == meter)
			return cached;
	}
	return meter;
}

/* As which meter a token of the prompt is billed without a cache. */
static Meter
UncachedMeter(Meter meter)
{
	return MeterCacheOf(meter) == CACHE_WRITES ? METER_INPUT : MeterUncached(meter);
}

static bool
AddTokens(int64_t *sum, int64_t count)
{
	return !__builtin_add_overflow(*sum, count, sum);
}

/* What a token saves when it is read from a cache, not billed as `meter`; nothing, without a price for that. */
static int64_t
ReadSaves(const RateVector *vector, Meter meter)
{
	Meter		cached = CachedMeter(meter);

	return HasRate(vector, cached) ? vector->rate[meter] - vector->rate[cached] : 0;
}

static CostStatus
AddPrompt(CacheSavings *sum, const RateVector *vector, Meter meter, int64_t count, CostProblem *problem)
{
	bool		one_hour = meter == METER_CACHE_WRITE_1H;
	Meter		uncached = UncachedMeter(meter);
	int64_t		premium;
	bool		fits;

	if (MeterCacheOf(meter) == CACHE_NONE)
		return AddTokens(&sum->input_tokens, count) && MoneyAddProduct(&sum->unread, count, ReadSaves(vector, meter)) ?
			COST_OK : COST_OVERFLOW;
	if (!HasRate(vector, uncached))
	{
		problem->meter = uncached;
		return COST_UNPRICED;
	}
	premium = vector->rate[meter] - vector->rate[uncached];
	if (MeterCacheOf(meter) == CACHE_READS)
		fits = AddTokens(&sum->read_tokens, count) && MoneyAddProduct(&sum->saved, count, -premium);
	else
		fits = AddTokens(one_hour ? &sum->write_1h_tokens : &sum->write_tokens, count) &&
			MoneyAddProduct(one_hour ? &sum->premium_1h : &sum->premium, count, premium) &&
			MoneyAddProduct(one_hour ? &sum->reread_1h : &sum->reread, count, ReadSaves(vector, uncached)) &&
			MoneyAddProduct(&sum->unread, count, ReadSaves(vector, meter));
	return fits ? COST_OK : COST_OVERFLOW;
}

CostStatus
CacheSavingsAdd(CacheSavings *sum, const RateVector *vector, const Usage *usage, CostProblem *problem)
{
	CacheSavings total = *sum;
	uint32_t	present = usage->present;
	Money		usd;
	CostStatus	status = UsageCost(vector, usage, &usd, problem);

	for (int i = 0; status == COST_OK && present != 0; i++, present &= present - 1)
	{
		Meter		meter = (Meter) __builtin_ctz(present);

		if (MeterSideOf(meter) == SIDE_INPUT)
			status = AddPrompt(&total, vector, meter, usage->count[i], problem);
	}
	if (status != COST_OK)
		return status;
	if (!AddTokens(&total.requests, UsageCount(usage, METER_REQUESTS)) ||
		__builtin_add_overflow(total.usd, usd, &total.usd))
		return COST_OVERFLOW;
	*sum = total;
	return COST_OK;
}

bool
CacheSavingsMerge(CacheSavings *sum, const CacheSavings *part)
{
	CacheSavings total = *sum;

	if (!AddTokens(&total.requests, part->requests) ||
		!AddTokens(&total.input_tokens, part->input_tokens) ||
		!AddTokens(&total.read_tokens, part->read_tokens) ||
		!AddTokens(&total.write_tokens, part->write_tokens) ||
		!AddTokens(&total.write_1h_tokens, part->write_1h_tokens) ||
		__builtin_add_overflow(total.usd, part->usd, &total.usd) ||
		__builtin_add_overflow(total.saved, part->saved, &total.saved) ||
		__builtin_add_overflow(total.premium, part->premium, &total.premium) ||
		__builtin_add_overflow(total.premium_1h, part->premium_1h, &total.premium_1h) ||
		__builtin_add_overflow(total.reread, part->reread, &total.reread) ||
		__builtin_add_overflow(total.reread_1h, part->reread_1h, &total.reread_1h) ||
		__builtin_add_overflow(total.unread, part->unread, &total.unread))
		return false;
	*sum = total;
	return true;
}

bool
CacheSavingsNet(const CacheSavings *sum, Money *usd, Money *net)
{
	return !__builtin_add_overflow(sum->premium, sum->premium_1h, usd) &&
		!__builtin_sub_overflow(sum->saved, *usd, net);
}
