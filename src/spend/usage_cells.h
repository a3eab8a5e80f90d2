/*
 * usage_cells.h
 *	  The rows of a log summed up by rate key and labels: what the rollup is
 *	  read through.
 *
 * A cell is one row of the rollup.  Its labels lie in a LabelSet that it shares
 * with the cells of other hours, so that a row of the log costs one hash of its
 * labels and, when it is of the same hour as the last of these labels, no more.
 *
 * Invariant: two rows are in one cell if and only if their rate keys and all
 * their labels are equal; NULL labels are equal to each other.
 *
 * Times are microseconds since 2000-01-01 UTC.  Pure C: no postgres.h.  Memory
 * comes from the function given and is never freed here.
 */
#ifndef INFERACCT_USAGE_CELLS_H
#define INFERACCT_USAGE_CELLS_H

#include "core/host.h"
#include "spend/rate_key.h"

/* CELL_LABEL(ENUM, name): by what the rollup keeps requests apart. */
#define CELL_LABEL_LIST(CELL_LABEL) \
	CELL_LABEL(TENANT, tenant) \
	CELL_LABEL(SOURCE, source) \
	CELL_LABEL(MODEL, model) \
	CELL_LABEL(SERVICE_TIER, service_tier) \
	CELL_LABEL(REGION, region) \
	CELL_LABEL(PROVIDER, provider) \
	CELL_LABEL(TEAM, team) \
	CELL_LABEL(PROJECT, project) \
	CELL_LABEL(STATUS, status) \
	CELL_LABEL(DIMENSIONS, dimensions)

typedef enum CellLabelOf
{
#define CELL_LABEL(ENUM, name) LABEL_##ENUM,
	CELL_LABEL_LIST(CELL_LABEL)
#undef CELL_LABEL
	LABEL_COUNT
} CellLabelOf;

/* bytes NULL: the label is NULL. */
typedef struct CellLabel
{
	const char *bytes;
	uint32_t	length;
} CellLabel;

struct UsageCell;

typedef struct LabelSet
{
	uint64_t	hash;
	struct UsageCell *latest;	/* the cell that was last found for it */
	CellLabel	label[LABEL_COUNT];
} LabelSet;

typedef struct UsageCell
{
	RateKey	key;
	LabelSet   *labels;
	int64_t		first_at;
	int64_t		last_at;
	int64_t		min_input;
	int64_t		max_input;
	int64_t		rows;
	int64_t		reported;		/* of these, with a USD of provider or tool */
	uint64_t	fingerprint;	/* sum of the rows' hashes, modulo 2^64 */
	void	   *reported_usd;	/* the caller's; NULL at first */
	MeterCounts used;
} UsageCell;

typedef struct UsageCells
{
	LabelSet  **sets;			/* open addressing */
	UsageCell **slots;			/* open addressing */
	UsageCell **cells;			/* all, as they came */
	uint32_t	set_mask;		/* slots - 1, a power of two less one */
	uint32_t	slot_mask;
	uint32_t	nsets;
	uint32_t	ncells;
	uint32_t	room;			/* for cells */
	HostAllocator allocate;
	void	   *arg;
} UsageCells;

/* What one row, or another cell, adds. */
typedef struct CellRow
{
	int64_t		first_at;
	int64_t		last_at;
	int64_t		min_input;
	int64_t		max_input;
	int64_t		rows;
	int64_t		reported;
	uint64_t	fingerprint;
} CellRow;

extern void UsageCellsInit(UsageCells *cells, HostAllocator allocate, void *arg);

/* The cell of a key and labels; made, without rows, when it is new. */
extern UsageCell *UsageCellsFind(UsageCells *cells, const RateKey *key, const CellLabel labels[LABEL_COUNT]);

/* Count rows; false, and nothing is counted, when a sum of usage does not fit. */
extern bool UsageCellAdd(UsageCell *cell, const CellRow *row, const Usage *usage);

#endif							/* INFERACCT_USAGE_CELLS_H */
