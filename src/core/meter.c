/*
 * meter.c
 *	  Names, sides and parents of the meters, all from the list in meter.h.
 */
#include "core/meter.h"

#include <string.h>

typedef struct MeterInfo
{
	const char *name;
	size_t		length;
	MeterSide	side;
	Meter		parent;
} MeterInfo;

static const MeterInfo meter_info[METER_COUNT] = {
#define METER(ENUM, name, side, parent) {#name, sizeof(#name) - 1, side, METER_##parent},
	METERS(METER)
#undef METER
};

#define METER_IF_INPUT(ENUM, name, side, parent) ((side) == SIDE_INPUT ? METER_BIT(METER_##ENUM) : 0) |
#define METER_IF_OUTPUT(ENUM, name, side, parent) ((side) == SIDE_OUTPUT ? METER_BIT(METER_##ENUM) : 0) |

const uint32_t METERS_OF_INPUT = METERS(METER_IF_INPUT) 0;
const uint32_t METERS_OF_OUTPUT = METERS(METER_IF_OUTPUT) 0;

#define METER_LISTED(ENUM, name, side, parent) ", " #name

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

Meter
MeterParent(Meter meter)
{
	return meter_info[meter].parent;
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
