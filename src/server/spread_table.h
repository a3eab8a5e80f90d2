/*
 * spread_table.h
 *	  What a Citus cluster is made of, as one of its nodes knows it: other nodes,
 *	  tables that are spread over them, and what this node has of such a table.
 *
 * Citus keeps its nodes in pg_dist_node, the tables that it spreads in
 * pg_dist_partition and their pieces in pg_dist_shard, all of pg_catalog.  Where
 * there is no such relation there is no cluster, and finding that out costs one
 * look into a cache.
 *
 * Invariant: nothing here depends on what a table holds.  Included after
 * postgres.h.
 */
#ifndef INFERACCT_SPREAD_TABLE_H
#define INFERACCT_SPREAD_TABLE_H

/* Is this the node that plans the queries of the cluster, or alone? */
extern bool IsCoordinator(void);

/* Are active nodes of other groups than ours known? */
extern bool HasOtherNodes(void);

/* Is a table spread over the nodes? */
extern bool IsSpread(Oid relation);

/* The copy that this node has of a reference table; InvalidOid when it has none. */
extern Oid	CopyOfSpreadTable(Oid relation);

#endif							/* INFERACCT_SPREAD_TABLE_H */
