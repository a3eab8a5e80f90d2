/*
 * meter.c
 *	  What is said of the meters, and what follows from it, all from the list in
 *	  meter.h: no meter is named here.
 */
#include "core/meter.h"

#include <string.h>

typedef struct MeterInfo
{
	const char *name;
	size_t		length;
	MeterSide	side;
	MeterKind	kind;
	MeterCache	cache;
	Meter		parent;
	const char *focus;
} MeterInfo;

static const MeterInfo meter_info[METER_COUNT] = {
#define METER(ENUM, name, side, kind, cache, parent, focus) \
	{#name, sizeof(#name) - 1, side, kind, cache, METER_##parent, focus},
	METERS(METER)
#undef METER
};

#define METER_IF_INPUT(ENUM, name, side, ...) ((side) == SIDE_INPUT ? METER_BIT(METER_##ENUM) : 0) |
#define METER_IF_OUTPUT(ENUM, name, side, ...) ((side) == SIDE_OUTPUT ? METER_BIT(METER_##ENUM) : 0) |
#define METER_IF_CACHED(ENUM, name, side, kind, cache, ...) ((cache) == CACHE_READS ? METER_BIT(METER_##ENUM) : 0) |

const uint32_t METERS_OF_INPUT = METERS(METER_IF_INPUT) 0;
const uint32_t METERS_OF_OUTPUT = METERS(METER_IF_OUTPUT) 0;
const uint32_t METERS_OF_CACHE = METERS(METER_IF_CACHED) 0;

#define METER_LISTED(ENUM, name, ...) ", " #name

/* The first name has a comma before it, too. */
const char *const METER_NAMES = (METERS(METER_LISTED)) + 2;

const char *
MeterName(Meter meter)
{
	return meter < METER_COUNT ? meter_info[meter].name : "unknown";
}

MeterSide
MeterSideOf(Meter meter)
{
	return meter_info[meter].side;
}

MeterKind
MeterKindOf(Meter meter)
{
	return meter_info[meter].kind;
}

MeterCache
MeterCacheOf(Meter meter)
{
	return meter_info[meter].cache;
}

Meter
MeterParent(Meter meter)
{
	return meter_info[meter].parent;
}

const char *
MeterFocusName(Meter meter)
{
	return meter_info[meter].focus;
}

bool
MeterIsTokens(Meter meter)
{
	return meter_info[meter].kind != KIND_NONE;
}

const char *
MeterUnit(Meter meter)
{
	return MeterIsTokens(meter) ? "Tokens" : meter_info[meter].focus;
}

int64_t
MeterPriceUnit(Meter meter)
{
	return MeterIsTokens(meter) ? 1000000 : 1;
}

Meter
MeterUncached(Meter meter)
{
	if (meter_info[meter].cache != CACHE_READS)
		return meter;
	for (Meter other = 0; other < METER_COUNT; other++)
	{
		if (meter_info[other].side == meter_info[meter].side && meter_info[other].kind == meter_info[meter].kind &&
			meter_info[other].cache == CACHE_NONE)
			return other;
	}
	return meter;
}

Meter
MeterPricedAs(Meter meter, Meter priced_as)
{
	if (priced_as != meter && meter_info[priced_as].cache == CACHE_READS)
		return MeterUncached(meter);
	return MeterParent(priced_as);
}

Meter
MeterLine(Meter meter)
{
	while (meter_info[meter].kind == KIND_TEXT && meter_info[meter].parent != meter)
		meter = meter_info[meter].parent;
	return meter;
}

Meter
MeterByName(const char *name, size_t length)
{
	for (Meter meter = 0; meter < METER_COUNT; meter++)
	{
		if (meter_info[meter].length == length &&
			memcmp(meter_info[meter].name, name, length) == 0)
			return meter;
	}
	return METER_COUNT;
}
