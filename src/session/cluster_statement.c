/*
 * cluster_statement.c
 *	  Statements that a cluster would answer wrongly.
 *
 * A statement over a distributed table prices on the nodes that have its rows.
 * Their connections have the settings of the database and, when
 * citus.propagate_set_commands is local, those of SET LOCAL in the same
 * transaction.  SET, set_config() and the SET of a function stay here: with them
 * the nodes would price by other rules than this session asks for, so such a
 * statement is refused when it is planned.
 *
 * The log, unless it is distributed, the rollup and the books are on the
 * coordinator.  Their tables are empty on a worker, and a report of them is no
 * answer, so it is refused there.  Functions that act for the owner of the
 * extension may read them: the triggers that prices fire do.
 *
 * Which values SET LOCAL gave is noted from the statements themselves.  Both
 * hooks are there only where Citus was loaded before, and cost nothing elsewhere.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "tcop/utility.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "server/compat.h"
#include "server/errors.h"
#include "server/guc.h"
#include "server/spread_table.h"
#include "session/cluster_statement.h"

/* A value that SET LOCAL gave a setting in this transaction. */
typedef struct LocalValue
{
	struct LocalValue *next;
	const char *value;
	char		name[NAMEDATALEN];
} LocalValue;

static planner_hook_type next_planner;
static ProcessUtility_hook_type next_utility;
static LocalValue *local_values;	/* in TopTransactionContext */

/* ---------- what SET LOCAL gave ---------- */

static void
NoteLocalValue(const VariableSetStmt *set)
{
	LocalValue *noted;

	if (!set->is_local || set->name == NULL || strncmp(set->name, SETTING_PREFIX, strlen(SETTING_PREFIX)) != 0)
		return;
	noted = MemoryContextAllocZero(TopTransactionContext, sizeof(LocalValue));
	noted->value = MemoryContextStrdup(TopTransactionContext, GetConfigOption(set->name, false, false));
	strlcpy(noted->name, set->name, NAMEDATALEN);
	noted->next = local_values;
	local_values = noted;
}

static void
RunUtility(PlannedStmt *statement, const char *text, bool read_only_tree, ProcessUtilityContext context,
		   ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	next_utility(statement, text, read_only_tree, context, params, environment, dest, completion);
	if (IsA(statement->utilityStmt, VariableSetStmt) && IsTransactionState())
		NoteLocalValue((VariableSetStmt *) statement->utilityStmt);
}

static void
AtTransactionEnd(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		local_values = NULL;
}

/*
 * Do new connections of the other nodes have the value that a setting has here,
 * or those of this transaction?  unpriced = null always passes: a node without
 * it raises what would be left out, which is not silent.
 */
static bool
ReachesNodes(const char *name)
{
	const char *value = GetConfigOption(name, false, false);
	const char *sends = GetConfigOption("citus.propagate_set_commands", true, false);
	const LocalValue *noted = local_values;

	if (strcmp(value, GetConfigOptionResetString(name)) == 0 ||
		(strcmp(name, "inferacct.unpriced") == 0 && setting_unpriced == UNPRICED_NULL))
		return true;
	if (sends == NULL || strcmp(sends, "local") != 0)
		return false;
	while (noted != NULL && (strcmp(noted->name, name) != 0 || strcmp(noted->value, value) != 0))
		noted = noted->next;
	return noted != NULL;
}

/* ---------- what a statement does ---------- */

/* What only the coordinator has: in inferacct or inferacct_internal. */
static const char *const coordinator_tables[] = {
	"usage_log", "usage_source", "usage_hourly", "usage_monthly", "booked_usage", "closed_month", "month_journal"
};

typedef struct Look
{
	Oid			schemas[2];		/* of our functions and tables */
	Oid			book;			/* the type price_book */
	bool		prices;
	bool		reads_spread;
	Oid			only_there;		/* a table that only the coordinator has; InvalidOid: none */
} Look;

static bool
IsOnCoordinatorOnly(Oid relation, const Look *look)
{
	Oid			schema = get_rel_namespace(relation);
	const char *name = get_rel_name(relation);

	if ((schema != look->schemas[0] && schema != look->schemas[1]) || name == NULL || IsSpread(relation))
		return false;
	for (size_t i = 0; i < lengthof(coordinator_tables); i++)
	{
		if (strcmp(name, coordinator_tables[i]) == 0)
			return true;
	}
	return false;
}

/* What is called for each row: the function, or the transition function of an aggregate. */
static Oid
CalledForRows(Oid function)
{
	HeapTuple	aggregate = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(aggregate))
		return function;
	function = ((Form_pg_aggregate) GETSTRUCT(aggregate))->aggtransfn;
	ReleaseSysCache(aggregate);
	return function;
}

/* A book has settings of its own: neither what is given one nor what makes one, on the coordinator, asks the nodes. */
static bool
HasBook(Oid function, Oid book)
{
	Oid		   *types;
	int			count;
	bool		found = get_func_signature(function, &types, &count) == book;

	for (int i = 0; i < count && !found; i++)
		found = types[i] == book;
	return found;
}

/* Does a function of ours read prices, or settings, by itself?  What is immutable reads nothing. */
static bool
Prices(Oid function, void *context)
{
	const Look *look = context;
	Oid			schema = get_func_namespace(function);

	return (schema == look->schemas[0] || schema == look->schemas[1]) &&
		func_volatile(CalledForRows(function)) != PROVOLATILE_IMMUTABLE && !HasBook(function, look->book);
}

static bool
LookAt(Node *node, void *context)
{
	Look	   *look = context;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		const RangeTblEntry *entry = (const RangeTblEntry *) node;

		if (entry->rtekind == RTE_RELATION)
		{
			look->reads_spread |= IsSpread(entry->relid);
			if (IsOnCoordinatorOnly(entry->relid, look))
				look->only_there = entry->relid;
		}
		return false;			/* query_tree_walker looks into it */
	}
	look->prices |= check_functions_in_node(node, Prices, look);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, LookAt, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, LookAt, context);
}

static Look
LookAtQuery(Query *query)
{
	Look		look = {
		.schemas = {get_namespace_oid("inferacct", true), get_namespace_oid("inferacct_internal", true)}
	};

	look.book = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("price_book"), ObjectIdGetDatum(look.schemas[0]));

	(void) LookAt((Node *) query, &look);
	return look;
}

/* ---------- what is refused ---------- */

static const char *
SettingThatStays(void)
{
	for (int i = 0; i < SETTING_COUNT; i++)
	{
		if (!ReachesNodes(setting_names[i]))
			return setting_names[i];
	}
	return NULL;
}

/* Raise when the nodes would price by other settings: by this one, if not NULL, or at another time. */
static void
CheckSettings(const Look *look, const char *name)
{
	if (!look->prices || !look->reads_spread)
		return;
	if (name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("\"%s\" of this session does not reach the nodes that price this statement", name),
				 errhint("BEGIN; SET LOCAL %s = ...; with citus.propagate_set_commands = 'local'; or price by a book, which has it: "
						 "sum(inferacct.token_cost((SELECT inferacct.price_book()), model, usage, at)).", name)));
	else
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("\"inferacct.as_of\" without a time zone means another time on each node"),
				 errhint("Write it as 2026-10-01T00:00:00Z.")));
}

/* Raise when a worker is asked for what only the coordinator has. */
static void
CheckPlace(const Look *look)
{
	if (OidIsValid(look->only_there) && !InLocalUserIdChange())
		ereport(ERROR,
				(errcode(ERRCODE_IA_NODE_PRICES),
				 errmsg("table %s has its rows on the coordinator of the cluster", get_rel_name(look->only_there)),
				 errdetail("Log, rollup and books of this node are empty."),
				 errhint("Ask for reports on the coordinator.")));
}

static PlannedStmt *
PlanStatement(Query *query, const char *text, int options, ParamListInfo params)
{
	const char *name = SettingThatStays();
	bool		differs = name != NULL || SettingAsOfMoves();
	bool		on_worker = !IsCoordinator();

	if ((differs || on_worker) && HasOtherNodes())
	{
		Look		look = LookAtQuery(query);

		if (differs)
			CheckSettings(&look, name);
		if (on_worker)
			CheckPlace(&look);
	}
	return next_planner(query, text, options, params);
}

void
ClusterPlansForget(void)
{
	if (next_planner != NULL)
		ResetPlanCache();
}

void
ClusterStatementInit(void)
{
	if (GetConfigOption("citus.version", true, false) == NULL)
		return;
	next_planner = planner_hook != NULL ? planner_hook : standard_planner;
	planner_hook = PlanStatement;
	next_utility = ProcessUtility_hook != NULL ? ProcessUtility_hook : standard_ProcessUtility;
	ProcessUtility_hook = RunUtility;
	RegisterXactCallback(AtTransactionEnd, NULL);
}
