/*
 * errors.h
 *	  The SQLSTATEs of inferacct: class IA, one code per thing a client may
 *	  want to catch.  Those that C raises are here; what only PL/pgSQL raises
 *	  (IA103, IA3 deployments, IA4 routing) it raises by number.
 *	  docs/errors.md lists them all.  Codes are never reused.
 */
#ifndef INFERACCT_ERRORS_H
#define INFERACCT_ERRORS_H

#include "utils/elog.h"

#define IA(digit1, digit2, digit3) MAKE_SQLSTATE('I', 'A', digit1, digit2, digit3)

/* IA0: what cannot be priced */
#define ERRCODE_IA_UNPRICED_METER		IA('0', '0', '1')	/* no price for a meter at that time */
#define ERRCODE_IA_UNKNOWN_MODEL		IA('0', '0', '2')	/* no such model in the price book */
#define ERRCODE_IA_AMBIGUOUS_MODEL		IA('0', '0', '3')	/* several providers have it */
#define ERRCODE_IA_UNKNOWN_TIER			IA('0', '0', '4')	/* the model has no such service tier */
#define ERRCODE_IA_AGGREGATED_USAGE		IA('0', '0', '5')	/* summed usage passes a context tier */
#define ERRCODE_IA_UNKNOWN_CONTRACT		IA('0', '0', '6')	/* no such contract */
#define ERRCODE_IA_MISSING_FX_RATE		IA('0', '0', '7')	/* no exchange rate for that day */
#define ERRCODE_IA_NODE_PRICES			IA('0', '0', '8')	/* prices of one node, in a cluster of several */
#define ERRCODE_IA_GUESS_REFUSED		IA('0', '0', '9')	/* only a guess or a fallback could price it */

/* IA1: prices and catalogs */
#define ERRCODE_IA_PRICE_PRECISION		IA('1', '0', '1')	/* finer or larger than the fixed point */
#define ERRCODE_IA_MALFORMED_CATALOG	IA('1', '0', '2')	/* a catalog that cannot be read */

/* IA2: usage and payloads */
#define ERRCODE_IA_MALFORMED_PAYLOAD	IA('2', '0', '1')	/* not a provider's usage */
#define ERRCODE_IA_UNRECONCILED_PAYLOAD	IA('2', '0', '2')	/* counts contradict the stated total */
#define ERRCODE_IA_NEGATIVE_USAGE		IA('2', '0', '3')	/* a count below zero */
#define ERRCODE_IA_UNKNOWN_COUNT		IA('2', '0', '4')	/* a count whose name is not known */
#define ERRCODE_IA_SEVERAL_REQUESTS		IA('2', '0', '5')	/* a payload of several requests or models */

#endif							/* INFERACCT_ERRORS_H */
