/*
 * cluster_statement.h
 *	  Statements that a cluster would answer wrongly.
 *
 * Invariant: a statement that prices on other nodes is planned only if these
 * have the settings of this session, and one that reads the log, the rollup or
 * the books only where they are.  Included after postgres.h.
 */
#ifndef INFERACCT_CLUSTER_STATEMENT_H
#define INFERACCT_CLUSTER_STATEMENT_H

/* Look at the statements of this session, where Citus does, too. */
extern void ClusterStatementInit(void);

/* A setting has changed: plans that were made under the old ones are made again. */
extern void ClusterPlansForget(void);

#endif							/* INFERACCT_CLUSTER_STATEMENT_H */
