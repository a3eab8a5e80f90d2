/*
 * errors.h
 *	  The SQLSTATEs of inferacct: class IA, one code per thing a client may
 *	  want to catch.  docs/errors.md lists the same codes; the SQL functions
 *	  written in PL/pgSQL raise them by number.  Codes are never reused.
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

/* IA1: prices and catalogs */
#define ERRCODE_IA_PRICE_PRECISION		IA('1', '0', '1')	/* finer or larger than the fixed point */
#define ERRCODE_IA_MALFORMED_CATALOG	IA('1', '0', '2')	/* a catalog that cannot be read */
#define ERRCODE_IA_APPEND_ONLY			IA('1', '0', '3')	/* UPDATE or DELETE of a price table */

/* IA2: usage and payloads */
#define ERRCODE_IA_MALFORMED_PAYLOAD	IA('2', '0', '1')	/* not a provider's usage */
#define ERRCODE_IA_UNRECONCILED_PAYLOAD	IA('2', '0', '2')	/* counts contradict the stated total */
#define ERRCODE_IA_NEGATIVE_USAGE		IA('2', '0', '3')	/* a count below zero */
#define ERRCODE_IA_UNKNOWN_COUNT		IA('2', '0', '4')	/* a count whose name is not known */
#define ERRCODE_IA_SEVERAL_REQUESTS		IA('2', '0', '5')	/* a payload of several requests or models */

/* IA3: deployments */
#define ERRCODE_IA_UNKNOWN_DEPLOYMENT	IA('3', '0', '1')	/* no such deployment or model profile */
#define ERRCODE_IA_NO_GPU_PRICE			IA('3', '0', '2')	/* no rent of that GPU, vendor and term */
#define ERRCODE_IA_NO_THROUGHPUT		IA('3', '0', '3')	/* its throughput does not answer for the mix */
#define ERRCODE_IA_BEYOND_CAPACITY		IA('3', '0', '4')	/* more than its replicas can serve */

/* IA4: routing */
#define ERRCODE_IA_UNKNOWN_POLICY		IA('4', '0', '1')	/* no such routing policy in force */
#define ERRCODE_IA_MALFORMED_POLICY		IA('4', '0', '2')	/* one whose tiers or shares make no sense */

#endif							/* INFERACCT_ERRORS_H */
