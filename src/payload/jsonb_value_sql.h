/*
 * jsonb_value_sql.h
 *	  jsonb as a source of JSON values.
 */
#ifndef INFERACCT_JSONB_VALUE_SQL_H
#define INFERACCT_JSONB_VALUE_SQL_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "payload/json_value.h"

extern const JsonSource jsonb_source;

/* The value of a detoasted jsonb, which outlives it. */
extern JsonValue JsonbRootValue(const Jsonb *jsonb);

#endif							/* INFERACCT_JSONB_VALUE_SQL_H */
