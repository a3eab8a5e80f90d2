/*
 * payload_node.h
 *	  A payload as a tree of nodes that are made when somebody looks at them.
 *
 * Invariants: a member that is null is absent.  Of duplicate keys the last
 * counts, as in jsonb.  A node knows whether a reader took it (read), so that
 * what nobody took can be found afterwards.  When memory runs out, the tree says
 * so and looks empty from there on.
 *
 * Memory: nodes are freed with their tree; names and strings are the source's.
 * Private to src/payload.
 */
#ifndef INFERACCT_PAYLOAD_NODE_H
#define INFERACCT_PAYLOAD_NODE_H

#include "payload/json_value.h"
#include "payload/payload_key.h"

typedef struct Node
{
	struct Node *next;			/* in its parent */
	struct Node *first;			/* child, once they are made */
	struct Node *last;
	const char *name;			/* NULL for an element */
	uint64_t	keys[2];		/* a bit for each key among the children */
	JsonValue	value;
	uint32_t	name_length;
	uint16_t	key;
	bool		opened;			/* the children are made */
	bool		read;
} Node;

#define NODES_AT_HAND 96

typedef struct NodeBlock NodeBlock;

typedef struct Tree
{
	const JsonSource *source;
	NodeBlock  *blocks;
	Node	   *free;			/* nodes left in the newest block */
	size_t		free_nodes;
	bool		out_of_memory;
	Node		at_hand[NODES_AT_HAND];	/* enough for most payloads */
} Tree;

extern void TreeInit(Tree *tree, const JsonSource *source);
extern void TreeFree(Tree *tree);

/* A new node of no parent; NULL when there is no memory. */
extern Node *NewNode(Tree *tree, const JsonValue *value);

#define KEY_WORD(node, key) ((node)->keys[(key) / 64 % 2])
#define KEY_BIT(key) (UINT64_C(1) << ((key) % 64))

/* Make the children of an object or array. */
extern void OpenNode(Tree *tree, Node *node);

/* The child of that key, of an opened node, which may have one. */
extern Node *FindKey(const Node *node, PayloadKey key);

/* Add child, or put it in the place of a child of the same name. */
extern void PutChild(Node *node, Node *child);

static inline bool
IsKind(const Node *node, JsonKind kind)
{
	return node != NULL && node->value.kind == kind;
}

/* The first child; the others follow by next. */
static inline Node *
FirstChild(Tree *tree, Node *node)
{
	if (node == NULL || node->value.kind < JSON_ARRAY)
		return NULL;
	if (!node->opened)
		OpenNode(tree, node);
	return node->first;
}

/*
 * The member called key, or NULL when node is no object or has none (or has
 * null).  Most members that readers ask for are absent: that is decided here.
 */
static inline Node *
FindMember(Tree *tree, Node *node, PayloadKey key)
{
	Node	   *member;

	if (!IsKind(node, JSON_OBJECT))
		return NULL;
	if (!node->opened)
		OpenNode(tree, node);
	if ((KEY_WORD(node, key) & KEY_BIT(key)) == 0)
		return NULL;
	member = FindKey(node, key);
	return IsKind(member, JSON_NULL) ? NULL : member;
}

#endif							/* INFERACCT_PAYLOAD_NODE_H */
