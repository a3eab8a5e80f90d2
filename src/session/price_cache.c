/*
 * price_cache.c
 *	  The Pricing of the current statement, kept per backend.
 *
 * What a statement may use is decided by MVCC alone.  The table price_epoch has
 * one row, which every statement that writes prices updates first.  Writers so
 * wait for one another until commit, any snapshot sees a prefix of their
 * changes, and the epoch that a snapshot sees names the prices that it sees.
 * A Pricing is kept under (epoch, as_of, contract, guess, user) and used by whatever
 * statement sees the same; messages between backends are not needed for that,
 * which is why it holds in a READ COMMITTED transaction block, under old
 * snapshots, in parallel workers and on a standby.
 *
 * A transaction that has written prices itself sees an epoch row of its own, or,
 * from a snapshot of before, one that it has replaced.  What it loads is good
 * for one command only and only until the next row arrives (row triggers tell),
 * and is dropped when the transaction or the subtransaction ends: a rolled back
 * change leaves nothing behind.
 *
 * To look at the epoch once per statement, not once per row, the snapshot last
 * looked at is remembered by content: in one transaction two snapshots of equal
 * xmin, xmax, counts and command see the same.  All else that could change the
 * answer is remembered with it or moves price_generation.
 *
 * Relation cache invalidations are heeded in addition: they tell of GRANT,
 * REVOKE and rewrites.  They may arrive in the middle of loading, so they only
 * mark; what is marked is freed when nothing is in use.
 *
 * Under row security nothing is kept beyond the call, or the execution of an
 * aggregate, that it was loaded for: a policy may depend on anything.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "server/compat.h"
#include "session/cluster.h"
#include "session/price_cache.h"
#include "session/known_at.h"
#include "session/price_fetch.h"
#include "server/guc.h"

#define SLOTS 4

/* Bytes that Pricings other than the current one may keep. */
#define KEEP_BYTES (16 * 1024 * 1024)

typedef struct Slot
{
	Pricing    *pricing;		/* NULL: free */
	PriceEpoch	epoch;
	TimestampTz as_of;
	const char *contract;
	bool		refuse_guess;
	Oid			user;
	CommandId	command;		/* that it is good for, when epoch.own */
	bool		stale;			/* to be freed */
	uint64		used;			/* when last, by use_clock */
} Slot;

/* A snapshot by what it contains. */
typedef struct SnapshotContent
{
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	int32		subxcnt;
	CommandId	curcid;
} SnapshotContent;

uint64		price_generation = 1;

static MemoryContext cache_context;
static Slot slots[SLOTS];
static uint64 use_clock;

/* The answer for what was last asked for; none when generation is 0. */
static struct
{
	Pricing    *pricing;
	uint64		generation;
	Oid			user;
	pg_tz	   *timezone;		/* as_of is read by these two */
	int			date_order;
	SnapshotContent snapshot;
	bool		of_cluster;		/* another connection of our transaction may publish, which the snapshot does not tell */
	TimestampTz statement;		/* when it began, if of_cluster */
}			bound;

static SnapshotContent
ContentOf(Snapshot snapshot)
{
	return (SnapshotContent) {
		.xmin = snapshot->xmin,.xmax = snapshot->xmax,
		.xcnt = snapshot->xcnt,.subxcnt = snapshot->subxcnt,
		.curcid = snapshot->curcid
	};
}

static inline bool
SameSnapshot(const SnapshotContent *content, Snapshot snapshot)
{
	return content->curcid == snapshot->curcid &&
		content->xmax == snapshot->xmax && content->xmin == snapshot->xmin &&
		content->xcnt == snapshot->xcnt && content->subxcnt == snapshot->subxcnt;
}

/* ---------- slots ---------- */

static void
FreeSlot(Slot *slot)
{
	if (slot->pricing == NULL)
		return;
	MemoryContextDelete(slot->pricing->context);
	memset(slot, 0, sizeof(*slot));
	price_generation++;
}

static void
FreeStaleSlots(void)
{
	for (int i = 0; i < SLOTS; i++)
	{
		if (slots[i].stale && slots[i].pricing->busy == 0)
			FreeSlot(&slots[i]);
	}
}

static bool
SlotServes(const Slot *slot, const PriceEpoch *epoch, TimestampTz as_of, CommandId command)
{
	return slot->pricing != NULL && !slot->stale &&
		slot->epoch.epoch == epoch->epoch && slot->epoch.table[TABLE_EPOCH] == epoch->table[TABLE_EPOCH] &&
		slot->epoch.own == epoch->own && (!epoch->own || slot->command == command) &&
		slot->as_of == as_of && slot->user == GetUserId() && slot->refuse_guess == (setting_guess == GUESS_REFUSE) &&
		strcmp(slot->contract, setting_contract) == 0;
}

/* The slot used longest ago that nobody is loading, other than one; NULL when there is none. */
static Slot *
OldestSlot(const Slot *other)
{
	Slot	   *oldest = NULL;

	for (int i = 0; i < SLOTS; i++)
	{
		if (&slots[i] != other && slots[i].pricing != NULL && slots[i].pricing->busy == 0 &&
			(oldest == NULL || slots[i].used < oldest->used))
			oldest = &slots[i];
	}
	return oldest;
}

/* Free what was used longest ago until all but the current slot fit in KEEP_BYTES. */
static void
LimitMemory(const Slot *current)
{
	Slot	   *oldest;

	while ((oldest = OldestSlot(current)) != NULL &&
		   MemoryContextMemAllocated(cache_context, true) -
		   MemoryContextMemAllocated(current->pricing->context, true) > KEEP_BYTES)
		FreeSlot(oldest);
}

/* A free slot, or the one used longest ago that nobody is loading. */
static Slot *
SlotToFill(void)
{
	Slot	   *oldest = OldestSlot(NULL);

	for (int i = 0; i < SLOTS; i++)
	{
		if (slots[i].pricing == NULL)
			return &slots[i];
	}
	if (oldest == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("prices are being loaded from within the loading of prices"),
				 errhint("Row security policies of the price tables must not price requests.")));
	FreeSlot(oldest);
	return oldest;
}

static Slot *
FillSlot(const PriceEpoch *epoch, TimestampTz as_of, bool row_security, CommandId command)
{
	Slot	   *slot = SlotToFill();
	Pricing    *pricing = PricingCreate(cache_context, "inferacct prices", NULL);

	pricing->reader = (PriceReader) {
		.as_of = as_of,.contract = MemoryContextStrdup(pricing->context, setting_contract),
		.refuse_guess = setting_guess == GUESS_REFUSE,.row_security = row_security,.npatterns = -1,
		.ranks = {.context = pricing->context,.as_of = as_of,.last_version = PG_INT64_MAX}
	};
	memcpy(pricing->reader.table, epoch->table, sizeof(pricing->reader.table));
	slot->epoch = *epoch;
	slot->as_of = as_of;
	slot->contract = pricing->reader.contract;
	slot->refuse_guess = pricing->reader.refuse_guess;
	slot->user = GetUserId();
	slot->command = command;
	slot->stale = false;
	slot->pricing = pricing;
	return slot;
}

/* Whoever may not read prices now learns none that he could read before. */
static void
CheckMayReadPrices(const PriceEpoch *epoch)
{
	int			count = setting_contract[0] == '\0' ? TABLE_CONTRACT : TABLE_FX_RATE;

	for (int i = 0; i < count; i++)
	{
		AclResult	result = pg_class_aclcheck(epoch->table[i], GetUserId(), ACL_SELECT);

		if (result != ACLCHECK_OK)
			aclcheck_error(result, OBJECT_TABLE, price_table_names[i]);
	}
}

/* Do row security policies choose what the user sees of prices? */
static bool
RowSecurityApplies(const PriceEpoch *epoch)
{
	for (int i = 0; i < PRICE_TABLE_COUNT; i++)
	{
		if (check_enable_rls(epoch->table[i], InvalidOid, true) == RLS_ENABLED)
			return true;
	}
	return false;
}

/* Look at the epoch that the snapshot sees, and find or make the Pricing for it. */
static Pricing *
Bind(Snapshot snapshot)
{
	PriceEpoch	epoch = LoadPriceEpoch();
	bool		before_known;
	TimestampTz as_of = KnownAt(SettingAsOf(), &before_known);
	bool		row_security;
	Slot	   *slot = NULL;

	bound.of_cluster = CheckStatementPrices();
	bound.statement = GetCurrentStatementStartTimestamp();
	CheckMayReadPrices(&epoch);
	row_security = RowSecurityApplies(&epoch);
	FreeStaleSlots();
	for (int i = 0; i < SLOTS && slot == NULL && !row_security; i++)
	{
		if (SlotServes(&slots[i], &epoch, as_of, snapshot->curcid))
			slot = &slots[i];
	}
	if (slot == NULL)
	{
		CheckContract(setting_contract, as_of);
		slot = FillSlot(&epoch, as_of, row_security, snapshot->curcid);
	}
	slot->pricing->reader.before_known = before_known;
	slot->used = ++use_clock;
	slot->stale = row_security;
	LimitMemory(slot);

	bound.pricing = slot->pricing;
	bound.user = GetUserId();
	bound.timezone = session_timezone;
	bound.date_order = DateOrder;
	bound.snapshot = ContentOf(snapshot);
	bound.generation = row_security ? 0 : price_generation;
	return slot->pricing;
}

Pricing *
PricingOfStatement(void)
{
	Snapshot	snapshot;
	Pricing    *pricing;

	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pricing = Bind(GetActiveSnapshot());
		PopActiveSnapshot();
		return pricing;
	}
	snapshot = GetActiveSnapshot();
	if (bound.generation == price_generation && bound.user == GetUserId() &&
		bound.timezone == session_timezone && bound.date_order == DateOrder &&
		SameSnapshot(&bound.snapshot, snapshot) &&
		(!bound.of_cluster || bound.statement == GetCurrentStatementStartTimestamp()))
		return bound.pricing;
	return Bind(snapshot);
}

void
PriceCacheForget(void)
{
	price_generation++;
}

/* ---------- what makes a Pricing no longer good ---------- */

void
PriceCacheForgetOwn(void)
{
	for (int i = 0; i < SLOTS; i++)
	{
		if (slots[i].pricing != NULL && slots[i].epoch.own && slots[i].pricing->busy == 0)
			FreeSlot(&slots[i]);
	}
	price_generation++;
}

static void
AtTransactionEnd(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			PriceCacheForgetOwn();
			break;
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			break;
	}
}

static void
AtSubtransactionEnd(SubXactEvent event, SubTransactionId self, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		PriceCacheForgetOwn();
}

static bool
ReadFrom(const Slot *slot, Oid relation)
{
	for (int i = 0; i < PRICE_TABLE_COUNT; i++)
	{
		if (slot->epoch.table[i] == relation)
			return true;
	}
	return false;
}

static void
AtRelationChange(Datum arg, Oid relation)
{
	for (int i = 0; i < SLOTS; i++)
	{
		if (slots[i].pricing != NULL && (relation == InvalidOid || ReadFrom(&slots[i], relation)))
		{
			slots[i].stale = true;
			price_generation++;
		}
	}
}

void
PriceCacheInit(void)
{
	cache_context = AllocSetContextCreate(TopMemoryContext, "inferacct price cache", ALLOCSET_SMALL_SIZES);
	RegisterXactCallback(AtTransactionEnd, NULL);
	RegisterSubXactCallback(AtSubtransactionEnd, NULL);
	CacheRegisterRelcacheCallback(AtRelationChange, (Datum) 0);
}
