/*
 * route_bytes.c
 *	  The binary forms of what route_savings() and route_quality() keep.
 */
#include <string.h>

#include "routing/route_bytes.h"

#define FORMAT 1

/* ---------- writing ---------- */

static unsigned char *
Put(unsigned char *at, uint64_t value, int nbytes)
{
	for (int shift = 8 * (nbytes - 1); shift >= 0; shift -= 8)
		*at++ = (unsigned char) (value >> shift);
	return at;
}

static unsigned char *
PutAmounts(unsigned char *at, const Money *amounts, int count)
{
	for (int i = 0; i < count; i++)
	{
		at = Put(at, (uint64_t) ((unsigned __int128) amounts[i] >> 64), 8);
		at = Put(at, (uint64_t) amounts[i], 8);
	}
	return at;
}

static unsigned char *
PutName(unsigned char *at, const char *name)
{
	size_t		length = strlen(name);

	at = Put(at, length, 4);
	memcpy(at, name, length);
	return at + length;
}

static size_t
TierBytes(int ntiers)
{
	return 8 + 16 * (size_t) (ntiers + 1);
}

static size_t
BucketBytes(int ntiers)
{
	return 4 + 8 + 16 * (size_t) ntiers;
}

static uint32_t
FilledBuckets(const RouteState *state)
{
	uint32_t	filled = 0;

	for (int i = 0; i < state->nbuckets; i++)
		filled += RouteBucketAt(state, i)->requests > 0;
	return filled;
}

size_t
RouteBytesSize(const RouteState *state)
{
	return 2 + 5 * 8 + 4 + strlen(RouteDefinition(state)) + 4 + strlen(RouteBaseline(state)) +
		(size_t) state->ntiers * TierBytes(state->ntiers) +
		4 + FilledBuckets(state) * BucketBytes(state->ntiers);
}

void
RouteBytesWrite(const RouteState *state, unsigned char *bytes)
{
	unsigned char *at = Put(bytes, FORMAT, 1);

	at = Put(at, (uint64_t) state->ntiers, 1);
	at = Put(at, (uint64_t) state->requests, 8);
	at = Put(at, (uint64_t) state->unscored, 8);
	at = Put(at, (uint64_t) state->left_out, 8);
	at = Put(at, (uint64_t) state->first_at, 8);
	at = Put(at, (uint64_t) state->last_at, 8);
	at = PutName(at, RouteDefinition(state));
	at = PutName(at, RouteBaseline(state));
	for (int i = 0; i < state->ntiers; i++)
	{
		const RouteTierSums *tier = RouteTierAt(state, i);

		at = Put(at, (uint64_t) tier->requests, 8);
		at = PutAmounts(at, tier->usd, state->ntiers + 1);
	}
	at = Put(at, FilledBuckets(state), 4);
	for (int i = 0; i < state->nbuckets; i++)
	{
		const RouteBucketSums *bucket = RouteBucketAt(state, i);

		if (bucket->requests == 0)
			continue;
		at = Put(at, (uint64_t) (state->first_bucket + i), 4);
		at = Put(at, (uint64_t) bucket->requests, 8);
		at = PutAmounts(at, bucket->usd, state->ntiers);
	}
}

/* ---------- reading ---------- */

typedef struct Reader
{
	const unsigned char *at;
	size_t		left;
	bool		bad;			/* bytes ran out, or were of no name */
} Reader;

static const unsigned char *
Take(Reader *reader, size_t nbytes)
{
	static const unsigned char zeros[8];
	const unsigned char *taken = reader->at;

	if (nbytes > reader->left)
	{
		reader->bad = true;
		return zeros;
	}
	reader->at += nbytes;
	reader->left -= nbytes;
	return taken;
}

static uint64_t
Get(Reader *reader, int nbytes)
{
	const unsigned char *from = Take(reader, (size_t) nbytes);
	uint64_t	value = 0;

	for (int i = 0; i < nbytes; i++)
		value = value << 8 | from[i];
	return value;
}

static void
GetAmounts(Reader *reader, Money *amounts, int count)
{
	for (int i = 0; i < count; i++)
	{
		uint64_t	high = Get(reader, 8);

		amounts[i] = (Money) ((unsigned __int128) high << 64 | Get(reader, 8));
	}
}

/* A name without NUL; its length in *length. */
static const char *
GetName(Reader *reader, size_t *length)
{
	const unsigned char *name;

	*length = (size_t) Get(reader, 4);
	if (*length > reader->left)
	{
		reader->bad = true;
		*length = 0;
	}
	name = Take(reader, *length);
	if (memchr(name, '\0', *length) != NULL)
		reader->bad = true;
	return (const char *) name;
}

/* What stands at the head of a state, and how much memory it takes. */
typedef struct Head
{
	int			ntiers;
	int64_t		requests;
	int64_t		unscored;
	int64_t		left_out;
	int64_t		first_at;
	int64_t		last_at;
	const char *definition;
	size_t		definition_length;
	const char *baseline;
	size_t		baseline_length;
	const unsigned char *tiers;
	uint32_t	filled;
	int			first_bucket;	/* the window */
	int			nbuckets;
} Head;

/* The window of buckets that stand next, by the first and the last of them. */
static void
GetWindow(Reader *reader, Head *head)
{
	Reader		first = *reader;
	Reader		last = *reader;
	RouteState	none = {.nbuckets = 0};
	uint64_t	from,
				to;

	head->filled = (uint32_t) Get(reader, 4);
	if (head->filled > ROUTE_BUCKETS || reader->left != head->filled * BucketBytes(head->ntiers))
	{
		reader->bad = true;
		return;
	}
	if (head->filled == 0)
		return;
	first = last = *reader;
	Take(&last, (head->filled - 1) * BucketBytes(head->ntiers));
	from = Get(&first, 4);
	to = Get(&last, 4);
	if (from > to || to >= ROUTE_BUCKETS)
		reader->bad = true;
	else
		RouteWindow(&none, (int) from, (int) to, &head->first_bucket, &head->nbuckets);
}

/* Read up to the buckets; false for what is not of a state. */
static bool
GetHead(Reader *reader, Head *head)
{
	*head = (Head) {0};
	if (Get(reader, 1) != FORMAT)
		return false;
	head->ntiers = (int) Get(reader, 1);
	if (head->ntiers < 1 || head->ntiers > ROUTE_MAX_TIERS)
		return false;
	head->requests = (int64_t) Get(reader, 8);
	head->unscored = (int64_t) Get(reader, 8);
	head->left_out = (int64_t) Get(reader, 8);
	head->first_at = (int64_t) Get(reader, 8);
	head->last_at = (int64_t) Get(reader, 8);
	head->definition = GetName(reader, &head->definition_length);
	head->baseline = GetName(reader, &head->baseline_length);
	if (reader->bad || head->definition_length > ROUTE_NAMES_MAX || head->baseline_length > ROUTE_NAMES_MAX)
		return false;
	head->tiers = Take(reader, (size_t) head->ntiers * TierBytes(head->ntiers));
	GetWindow(reader, head);
	return !reader->bad;
}

size_t
RouteBytesStateSize(const unsigned char *bytes, size_t size)
{
	Reader		reader = {bytes, size, false};
	Head		head;

	if (!GetHead(&reader, &head))
		return 0;
	return RouteStateSize(head.ntiers, RouteNamesSize(head.definition_length, head.baseline_length), head.nbuckets);
}

/* Buckets ascend, and none is empty. */
static bool
GetBuckets(Reader *reader, RouteState *state, uint32_t filled)
{
	int64_t		previous = -1;

	for (uint32_t i = 0; i < filled; i++)
	{
		int64_t		index = (int64_t) Get(reader, 4);
		RouteBucketSums *bucket;

		if (index <= previous || index >= state->first_bucket + state->nbuckets)
			return false;
		bucket = RouteBucketAt(state, (int) index - state->first_bucket);
		bucket->requests = (int64_t) Get(reader, 8);
		GetAmounts(reader, bucket->usd, state->ntiers);
		if (bucket->requests < 1)
			return false;
		previous = index;
	}
	return true;
}

bool
RouteBytesRead(const unsigned char *bytes, size_t size, RouteState *state)
{
	Reader		reader = {bytes, size, false};
	Head		head;
	int			names_size;

	if (!GetHead(&reader, &head))
		return false;
	names_size = RouteNamesSize(head.definition_length, head.baseline_length);
	memset(state, 0, RouteStateSize(head.ntiers, names_size, head.nbuckets));
	RouteStateName(state, head.ntiers, head.definition, head.definition_length, head.baseline, head.baseline_length);
	state->first_bucket = head.first_bucket;
	state->nbuckets = head.nbuckets;
	state->requests = head.requests;
	state->unscored = head.unscored;
	state->left_out = head.left_out;
	state->first_at = head.first_at;
	state->last_at = head.last_at;
	if (!GetBuckets(&reader, state, head.filled))
		return false;
	reader = (Reader) {head.tiers, (size_t) head.ntiers * TierBytes(head.ntiers), false};
	for (int i = 0; i < head.ntiers; i++)
	{
		RouteTierSums *tier = RouteTierAt(state, i);

		tier->requests = (int64_t) Get(&reader, 8);
		GetAmounts(&reader, tier->usd, head.ntiers + 1);
	}
	return RouteStateIsValid(state, RouteStateSize(head.ntiers, names_size, head.nbuckets)) &&
		RouteDefinitionIsValid(RouteDefinition(state), head.ntiers);
}

/* ---------- requests judged ---------- */

size_t
QualityBytesSize(size_t count)
{
	return 1 + 24 * count;
}

static unsigned char *
PutDouble(unsigned char *at, double number)
{
	uint64_t	bits;

	memcpy(&bits, &number, sizeof(bits));
	return Put(at, bits, 8);
}

void
QualityBytesWrite(const QualityPoint *points, size_t count, unsigned char *bytes)
{
	unsigned char *at = Put(bytes, FORMAT, 1);

	for (size_t i = 0; i < count; i++)
	{
		at = PutDouble(at, points[i].score);
		at = PutDouble(at, points[i].weak);
		at = PutDouble(at, points[i].strong);
	}
}

size_t
QualityBytesCount(const unsigned char *bytes, size_t size)
{
	return size < 1 || bytes[0] != FORMAT || size % 24 != 1 ? SIZE_MAX : size / 24;
}

static double
GetDouble(Reader *reader)
{
	uint64_t	bits = Get(reader, 8);
	double		number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

bool
QualityBytesRead(const unsigned char *bytes, size_t size, QualityPoint *points)
{
	size_t		count = QualityBytesCount(bytes, size);
	Reader		reader = {bytes + 1, size - 1, false};

	if (count == SIZE_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
	{
		points[i].score = GetDouble(&reader);
		points[i].weak = GetDouble(&reader);
		points[i].strong = GetDouble(&reader);
		if (!QualityPointIsUsable(&points[i]))
			return false;
	}
	return true;
}
