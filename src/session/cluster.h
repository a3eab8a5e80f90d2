/*
 * cluster.h
 *	  Whether prices that are read here are those of the whole cluster.
 *
 * Invariant: where other nodes are known, what is read from tables that only
 * this node has, or that this node does not have, prices nothing.  Included
 * after postgres.h.
 */
#ifndef INFERACCT_CLUSTER_H
#define INFERACCT_CLUSTER_H

/* Raise when a statement may not be priced by this table here. */
extern void CheckStatementPrices(Oid price_table);

/* Raise when a price book may not be made of this table here. */
extern void CheckBookPrices(Oid price_table);

#endif							/* INFERACCT_CLUSTER_H */
