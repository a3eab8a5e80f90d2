/*
 * meter_sql.h
 *	  Meters by name, for SQL functions that take one.
 */
#ifndef INFERACCT_METER_SQL_H
#define INFERACCT_METER_SQL_H

#include "core/meter.h"

/* The meter called so; an error (22023) that lists them when there is none. */
extern Meter MeterArgument(text *name);

/* An errhint() with all names. */
extern int	HintMeters(void);

#endif							/* INFERACCT_METER_SQL_H */
