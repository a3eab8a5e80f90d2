/*
 * cluster_setting.h
 *	  Settings that would not reach the nodes that price.
 *
 * Invariant: a statement that prices on other nodes is planned only if these
 * have the settings of this session.  Included after postgres.h.
 */
#ifndef INFERACCT_CLUSTER_SETTING_H
#define INFERACCT_CLUSTER_SETTING_H

/* Look at the statements of this session, where Citus does, too. */
extern void ClusterSettingInit(void);

/* A setting has changed: plans that were made under the old ones are made again. */
extern void ClusterSettingChanged(void);

#endif							/* INFERACCT_CLUSTER_SETTING_H */
