/*
 * model_suggest.c
 *	  Edit distance over the known names: see model_suggest.h for what near means.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#include "model/model_suggest.h"

#include "model/model_rewrite.h"

#include <limits.h>
#include <string.h>

/* An edit outweighs this many bytes of common start. */
#define EDIT_WEIGHT 2

static int
Min(int a, int b)
{
	return a < b ? a : b;
}

/* Edits from a to b (optimal string alignment), or more than limit when there are. */
static int
EditDistance(const char *a, const char *b, int limit)
{
	int			rows[3][MODEL_NAME_SIZE];
	int			length_a = (int) strlen(a);
	int			length_b = (int) strlen(b);

	if (length_a - length_b > limit || length_b - length_a > limit)
		return limit + 1;
	for (int j = 0; j <= length_b; j++)
		rows[0][j] = j;
	for (int i = 1; i <= length_a; i++)
	{
		int		   *row = rows[i % 3];
		const int  *last = rows[(i + 2) % 3];
		const int  *before_last = rows[(i + 1) % 3];
		int			least = i;

		row[0] = i;
		for (int j = 1; j <= length_b; j++)
		{
			int			edits = Min(last[j], row[j - 1]) + 1;

			edits = Min(edits, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				edits = Min(edits, before_last[j - 2] + 1);
			row[j] = edits;
			least = Min(least, edits);
		}
		/* then all of the row before is at the limit, so no swap helps either */
		if (least > limit)
			return limit + 1;
	}
	return rows[length_a % 3][length_b];
}

static int
CommonStart(const char *a, const char *b)
{
	int			length = 0;

	while (a[length] != '\0' && a[length] == b[length])
		length++;
	return length;
}

/* Is text, past a start that is all of another name, a part of its own? */
static bool
IsWholePart(const char *rest)
{
	return *rest != '\0' && strchr("-.:@/", *rest) != NULL;
}

/* Lower is nearer; INT_MAX is not near. */
static int
Distance(const char *wanted, const char *name)
{
	int			limit = (int) strlen(wanted) / 3;
	int			start = CommonStart(wanted, name);
	int			edits;

	if (wanted[0] == '\0')
		return INT_MAX;
	if (start > 0 &&
		((wanted[start] == '\0' && IsWholePart(name + start)) ||
		 (name[start] == '\0' && IsWholePart(wanted + start))))
		edits = 1;
	else
		edits = EditDistance(wanted, name, limit);
	return edits > limit ? INT_MAX : EDIT_WEIGHT * edits - start;
}

/* Nearer first; then the shorter name, then byte order. */
static bool
IsNearer(const NearName *a, const NearName *b)
{
	if (a->distance != b->distance)
		return a->distance < b->distance;
	if (strlen(a->name) != strlen(b->name))
		return strlen(a->name) < strlen(b->name);
	return strcmp(a->name, b->name) < 0;
}

void
NearestInit(Nearest *nearest, const char *wanted)
{
	memset(nearest, 0, sizeof(*nearest));
	if (CopyText(nearest->wanted, sizeof(nearest->wanted), wanted, strnlen(wanted, MODEL_NAME_SIZE)))
		LowerCase(nearest->wanted);
}

void
NearestOffer(Nearest *nearest, const char *name)
{
	const char *slash = strrchr(nearest->wanted, '/');
	NearName	offer = {.name = name};
	char		lower[MODEL_NAME_SIZE];
	int			place = nearest->count;

	if (!CopyText(lower, sizeof(lower), name, strnlen(name, MODEL_NAME_SIZE)))
		return;
	LowerCase(lower);
	offer.distance = Distance(nearest->wanted, lower);
	if (slash != NULL)
		offer.distance = Min(offer.distance, Distance(slash + 1, lower));
	if (offer.distance == INT_MAX)
		return;

	while (place > 0 && IsNearer(&offer, &nearest->best[place - 1]))
		place--;
	if (place == NEAREST_COUNT || (place > 0 && strcmp(nearest->best[place - 1].name, name) == 0))
		return;
	if (nearest->count < NEAREST_COUNT)
		nearest->count++;
	memmove(&nearest->best[place + 1], &nearest->best[place],
			(nearest->count - 1 - place) * sizeof(NearName));
	nearest->best[place] = offer;
}
