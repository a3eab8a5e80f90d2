/*
 * route_bytes.h
 *	  The binary forms of what route_savings() and route_quality() keep: the
 *	  same on every machine.
 *
 * A state of route_savings():
 *
 *	format (1 byte, 1), tiers (1 byte)
 *	requests, unscored, left_out, first_at, last_at
 *	length of the definition (4 bytes), definition
 *	length of the baseline's name (4 bytes), name
 *	for each tier: requests, usd on each tier, usd on the baseline
 *	buckets that have requests (4 bytes), and for each of them, in ascending
 *	order: number (4 bytes), requests, usd on each tier
 *
 * A state of route_quality(): format (1 byte, 1), then score, weak and strong
 * quality of each request, IEEE 754.
 *
 * Numbers have their highest byte first and, where nothing else is said, 8
 * bytes; usd has 16, in two's complement.  Equal states of route_savings() have
 * equal bytes.  Readers take bytes that anybody could have sent.  Pure C: no
 * postgres.h.  Nothing here allocates what it returns.
 */
#ifndef INFERACCT_ROUTE_BYTES_H
#define INFERACCT_ROUTE_BYTES_H

#include "routing/route_quality.h"
#include "routing/route_state.h"

/* Bytes that a state takes, and write them. */
extern size_t RouteBytesSize(const RouteState *state);
extern void RouteBytesWrite(const RouteState *state, unsigned char *bytes);

/*
 * Size of the RouteState in these bytes, 0 when they are of none; then read
 * them into so much memory, false when they are not of a valid state.  The
 * varlena header is left to the caller.
 */
extern size_t RouteBytesStateSize(const unsigned char *bytes, size_t size);
extern bool RouteBytesRead(const unsigned char *bytes, size_t size, RouteState *state);

/* Is it a definition, as routing_definition() writes them, of so many tiers? */
extern bool RouteDefinitionIsValid(const char *definition, int ntiers);

/* The same of requests judged. */
extern size_t QualityBytesSize(size_t count);
extern void QualityBytesWrite(const QualityPoint *points, size_t count, unsigned char *bytes);

/* How many requests these bytes are of, SIZE_MAX when of none; then read so many. */
extern size_t QualityBytesCount(const unsigned char *bytes, size_t size);
extern bool QualityBytesRead(const unsigned char *bytes, size_t size, QualityPoint *points);

#endif							/* INFERACCT_ROUTE_BYTES_H */
