/*
 * payload_node.c
 *	  The tree of nodes of a payload.  See payload_node.h.
 */
#include "payload/payload_node.h"

#include <string.h>

#define NODES_OF_BLOCK 256

struct NodeBlock
{
	NodeBlock  *next;
	Node		nodes[NODES_OF_BLOCK];
};

void
TreeInit(Tree *tree, const JsonSource *source)
{
	tree->source = source;
	tree->blocks = NULL;
	tree->free = tree->at_hand;
	tree->free_nodes = NODES_AT_HAND;
	tree->out_of_memory = false;
}

void
TreeFree(Tree *tree)
{
	while (tree->blocks != NULL)
	{
		NodeBlock  *block = tree->blocks;

		tree->blocks = block->next;
		tree->source->release(block);
	}
}

Node *
NewNode(Tree *tree, const JsonValue *value)
{
	Node	   *node;

	if (tree->free_nodes == 0)
	{
		NodeBlock  *block = tree->source->allocate(sizeof(NodeBlock));

		if (block == NULL)
		{
			tree->out_of_memory = true;
			return NULL;
		}
		block->next = tree->blocks;
		tree->blocks = block;
		tree->free = block->nodes;
		tree->free_nodes = NODES_OF_BLOCK;
	}
	node = tree->free++;
	tree->free_nodes--;
	*node = (Node) {.value = *value, .key = KEY_UNKNOWN};
	return node;
}

Node *
FindKey(const Node *node, PayloadKey key)
{
	for (Node *child = node->first; child != NULL; child = child->next)
	{
		if (child->key == key)
			return child;
	}
	return NULL;
}

void
PutChild(Node *node, Node *child)
{
	bool		may_repeat = child->key != KEY_UNKNOWN && (KEY_WORD(node, child->key) & KEY_BIT(child->key)) != 0;
	Node	   *same = may_repeat ? FindKey(node, child->key) : NULL;

	if (same != NULL)
	{
		Node	   *next = same->next;

		*same = *child;
		same->next = next;
		return;
	}
	if (child->key != KEY_UNKNOWN)
		KEY_WORD(node, child->key) |= KEY_BIT(child->key);
	if (node->last == NULL)
		node->first = child;
	else
		node->last->next = child;
	node->last = child;
}

typedef struct Opening
{
	Tree	   *tree;
	Node	   *node;
} Opening;

static bool
AddChild(void *context, const char *name, size_t name_length, const JsonValue *value)
{
	Opening    *opening = context;
	Node	   *child = NewNode(opening->tree, value);

	if (child == NULL)
		return false;
	if (name != NULL)
	{
		child->name = name;
		child->name_length = (uint32_t) name_length;
		child->key = (uint16_t) PayloadKeyByName(name, name_length);
	}
	PutChild(opening->node, child);
	return true;
}

void
OpenNode(Tree *tree, Node *node)
{
	Opening		opening = {tree, node};

	node->opened = true;
	tree->source->each(&node->value, AddChild, &opening);
}
