/*
 * cluster.h
 *	  Whether prices that are read here are those of the whole cluster.
 *
 * Invariant: where other nodes are known, prices that only this node has, or
 * that this node does not have yet, price nothing.  Included after postgres.h.
 */
#ifndef INFERACCT_CLUSTER_H
#define INFERACCT_CLUSTER_H

/* Raise when a statement may not be priced by the price tables of this node; says whether there are other nodes. */
extern bool CheckStatementPrices(void);

/* Raise when a price book may not be made of the price tables of this node. */
extern void CheckBookPrices(void);

/* Raise when prices may not be published on this node. */
extern void CheckPublisher(void);

/* Raise when another transaction that writes prices here is part of the distributed transaction that we are part of. */
extern void CheckPriceWriter(TransactionId writer);

#endif							/* INFERACCT_CLUSTER_H */
