/*
 * payload_tool.c
 *	  What an answer was charged beside its tokens: tools that ran at the
 *	  provider, as its usage counts them or as they stand among its items.
 *
 * Invariant: a call of a tool that is not known to be free is counted or is a
 * problem.  Where an API tells of the same calls in its usage and among the items,
 * they count once.
 */
#include "payload/payload_reader.h"

#include <string.h>

/* Calls among the items of an answer. */
#define MAX_CONTAINERS 32

typedef struct Calls
{
	int64_t		searches;
	int64_t		file_searches;
	int64_t		executions;		/* of code, in no container that is named */
	Node	   *containers[MAX_CONTAINERS];
	int			container_count;
	int64_t		images;			/* of another model, whose tokens the answer does not tell */
	int64_t		pages;			/* opened, or looked through, after a search */
	int64_t		others;			/* calls at the provider without a fee */
	bool		counted;		/* the usage counts the calls, as xAI's does */
	int64_t		of_steps;		/* searches that the steps of the AI SDK tell */
	int64_t		maps;
	Tally	   *tally;			/* for calls that the caller maps */
} Calls;

static void
AddContainer(PayloadReader *reader, Node *id, Calls *calls)
{
	for (int i = 0; i < calls->container_count; i++)
	{
		if (StringsEqual(calls->containers[i], id))
			return;
	}
	if (calls->container_count == MAX_CONTAINERS)
		Problem(reader, PAYLOAD_BAD_COUNT, "More than %d containers in one answer.", MAX_CONTAINERS);
	else
		calls->containers[calls->container_count++] = id;
}

static bool
IsOneOf(const Node *type, const char *const *types)
{
	for (; *types != NULL; types++)
	{
		if (StringIs(type, *types))
			return true;
	}
	return false;
}

/* Calls at the provider whose fee is in the tokens. */
static const char *const free_calls[] = {
	"mcp_call", "mcp_tool_call", "computer_call", "tool_search_call", "memory_call", "view_image_call",
	"view_x_video_call", "shell_call", NULL
};

/* Calls that the caller's own program executes. */
static const char *const own_calls[] = {
	"function_call", "custom_tool_call", "local_shell_call", "apply_patch_call", "tool_call", NULL
};

/* What the caller says of a type of call; NULL when nothing. */
static Node *
CallMapping(PayloadReader *reader, const Node *type)
{
	for (Node *mapping = Child(reader, reader->names); mapping != NULL; mapping = mapping->next)
	{
		if (mapping->name_length == type->value.length && memcmp(mapping->name, type->value.at, mapping->name_length) == 0)
			return mapping;
	}
	return NULL;
}

/* Reading a page is free, a search that failed is, too. */
static void
AddCall(PayloadReader *reader, Node *item, Calls *calls)
{
	Node	   *type = StringOf(reader, item, KEY_type);
	Node	   *container = StringOf(reader, item, KEY_container_id);
	Node	   *mapping;

	if (!StringEnds(type, "_call"))
		return;
	if (container == NULL)
		container = StringOf(reader, Member(reader, item, KEY_environment), KEY_container_id);
	if (StringIs(StringOf(reader, item, KEY_status), "failed"))
		return;
	if (container != NULL)
		AddContainer(reader, container, calls);
	if (calls->counted && StringIs(type, "custom_tool_call") && StringStarts(StringOf(reader, item, KEY_name), "x_"))
		calls->searches++;		/* what xAI searched X by */
	else if (calls->counted && StringIs(type, "custom_tool_call") && StringStarts(StringOf(reader, item, KEY_name), "view_"))
		calls->others++;		/* what it looked at */
	else if (IsOneOf(type, free_calls))
		calls->others++;
	else if (IsOneOf(type, own_calls))
		return;
	else if (StringIs(type, "web_search_call") || StringIs(type, "x_search_call"))
	{
		Node	   *action = StringOf(reader, Member(reader, item, KEY_action), KEY_type);

		if (action == NULL || StringIs(action, "search"))
			calls->searches++;
		else
			calls->pages++;
	}
	else if (StringIs(type, "file_search_call"))
		calls->file_searches++;
	else if (StringIs(type, "code_interpreter_call"))
		calls->executions += container == NULL;
	else if (StringIs(type, "image_generation_call"))
		calls->images++;
	else if ((mapping = CallMapping(reader, type)) != NULL)
		AddMapping(reader, calls->tally, mapping, 1);
	else
		Problem(reader, PAYLOAD_UNKNOWN_NAME, "The answer has an item of type \"%.*s\", and what it is charged is not known.",
				STRING_ARGS(type));
}

/* The items of the answer; of a stream that never told them together, those that were done. */
static void
AddItems(PayloadReader *reader, const PayloadBody *body, Calls *calls)
{
	Node	   *items = Member(reader, body->container, KEY_output);

	for (Node *item = IsKind(items, JSON_ARRAY) ? Child(reader, items) : NULL; item != NULL; item = item->next)
		AddCall(reader, item, calls);
	if (IsKind(items, JSON_ARRAY) && Child(reader, items) != NULL)
		return;
	for (Node *chunk = Child(reader, body->chunks); chunk != NULL; chunk = chunk->next)
	{
		if (StringIs(StringOf(reader, chunk, KEY_type), "response.output_item.done"))
			AddCall(reader, Member(reader, chunk, KEY_item), calls);
	}
}

/* What Groq executed for a message; the chunks of a stream tell the same call several times. */
static void
AddExecutedOf(PayloadReader *reader, Node *container, uint64_t *seen, Calls *calls)
{
	Node	   *choice = Child(reader, Member(reader, container, KEY_choices));
	Node	   *list = Member(reader, FirstOf(reader, choice, KEY_message, KEY_delta, KEY_NONE), KEY_executed_tools);
	unsigned	at = 0;

	for (Node *tool = Child(reader, list); tool != NULL; tool = tool->next, at++)
	{
		Node	   *type = StringOf(reader, tool, KEY_type);
		Node	   *name = StringOf(reader, tool, KEY_name);
		Node	   *index = Member(reader, tool, KEY_index);
		uint64_t	bit = UINT64_C(1) << ((index == NULL ? at : (unsigned) CountOf(reader, index)) % 64);
		Node	   *mapping = type == NULL ? NULL : CallMapping(reader, type);

		if (type == NULL || (*seen & bit) != 0)
			continue;
		*seen |= bit;
		if (mapping != NULL)
			AddMapping(reader, calls->tally, mapping, 1);
		else if (StringEnds(type, "search") && (name == NULL || StringEnds(name, "search")))
			calls->searches++;
		else if (!StringIs(type, "function") && !StringIs(type, "mcp"))
			Problem(reader, PAYLOAD_UNKNOWN_NAME, "A tool \"%.*s\" was executed, and what it is charged is not known.",
					STRING_ARGS(type));
	}
}

static void
AddExecuted(PayloadReader *reader, const PayloadBody *body, Calls *calls)
{
	uint64_t	seen = 0;

	AddExecutedOf(reader, body->container, &seen, calls);
	for (Node *chunk = Child(reader, body->chunks); chunk != NULL; chunk = chunk->next)
		AddExecutedOf(reader, chunk, &seen, calls);
}

/* Calls that a list names, one by one. */
static void
AddNamedCalls(PayloadReader *reader, Node *names, Calls *calls)
{
	Calls		named = {0};

	for (Node *name = Child(reader, names); name != NULL; name = name->next)
	{
		switch (IsKind(name, JSON_STRING) ? PayloadKeyByName(name->value.at, name->value.length) : KEY_UNKNOWN)
		{
			case KEY_SERVER_SIDE_TOOL_WEB_SEARCH:
			case KEY_SERVER_SIDE_TOOL_X_SEARCH:
				named.searches++;
				break;
			case KEY_SERVER_SIDE_TOOL_COLLECTIONS_SEARCH:
				named.file_searches++;
				break;
			case KEY_SERVER_SIDE_TOOL_CODE_EXECUTION:
				named.executions++;
				break;
			case KEY_SERVER_SIDE_TOOL_IMAGE_GENERATION:
				named.images++;
				break;
			case KEY_SERVER_SIDE_TOOL_MCP:
			case KEY_SERVER_SIDE_TOOL_VIEW_IMAGE:
			case KEY_SERVER_SIDE_TOOL_VIEW_X_VIDEO:
				named.others++;
				break;
			default:
				Problem(reader, PAYLOAD_UNKNOWN_NAME, "A tool of \"%.*s\" was used, and what it is charged is not known.",
						(int) names->name_length, names->name);
		}
	}
	calls->searches = Larger(calls->searches, named.searches);
	calls->file_searches = Larger(calls->file_searches, named.file_searches);
	calls->executions = Larger(calls->executions, named.executions);
	calls->images = Larger(calls->images, named.images);
	calls->others = Larger(calls->others, named.others);
}

/* Calls of each kind, as the API counts those that it charges. */
static void
ReadChargedCalls(PayloadReader *reader, Node *details, Calls *calls)
{
	calls->searches = CountAny(reader, details, KEY_web_search_calls, KEY_SERVER_SIDE_TOOL_WEB_SEARCH, KEY_NONE) +
		CountAny(reader, details, KEY_x_search_calls, KEY_SERVER_SIDE_TOOL_X_SEARCH, KEY_NONE);
	calls->file_searches = CountAny(reader, details, KEY_file_search_calls, KEY_NONE) +
		CountAny(reader, details, KEY_document_search_calls, KEY_SERVER_SIDE_TOOL_COLLECTIONS_SEARCH, KEY_NONE);
	calls->executions = CountAny(reader, details, KEY_code_interpreter_calls, KEY_SERVER_SIDE_TOOL_CODE_EXECUTION, KEY_NONE);
	calls->images = CountAny(reader, details, KEY_image_generation_calls, KEY_SERVER_SIDE_TOOL_IMAGE_GENERATION, KEY_NONE);
	calls->others = CountAny(reader, details, KEY_mcp_calls, KEY_SERVER_SIDE_TOOL_MCP, KEY_NONE) +
		CountAny(reader, details, KEY_view_image_calls, KEY_SERVER_SIDE_TOOL_VIEW_IMAGE, KEY_NONE) +
		CountAny(reader, details, KEY_view_x_video_calls, KEY_SERVER_SIDE_TOOL_VIEW_X_VIDEO, KEY_NONE);
}

static int64_t
CallsOf(const Calls *calls)
{
	return calls->searches + calls->file_searches + calls->executions + calls->container_count + calls->images + calls->others;
}

/*
 * xAI's own count of the calls, by tool: those that succeeded, which are charged.
 * Where it has none by tool, each page that was opened is one, too.  The number
 * alone is of all that were tried, and has to be explained by either.
 */
static void
ReadServerSide(PayloadReader *reader, Node *usage, Calls *calls)
{
	Node	   *details = FirstOf(reader, usage, KEY_server_side_tool_usage_details, KEY_server_side_tool_usage, KEY_NONE);
	Node	   *used = Member(reader, usage, KEY_num_server_side_tools_used);
	int64_t		known;

	AddNamedCalls(reader, Member(reader, usage, KEY_server_side_tools_used), calls);
	if (used != NULL)
	{
		calls->searches += calls->pages;
		calls->pages = 0;
	}
	known = CallsOf(calls);
	if (details != NULL)
	{
		ReadChargedCalls(reader, details, calls);
		known = Larger(known, CallsOf(calls));
	}
	if (used != NULL)
		used->read = known > 0 && CountOf(reader, used) <= known;
}

/* A bare usage tells of tools by number only; the model of the image stands among the tools. */
static void
ReadToolUsage(PayloadReader *reader, const PayloadBody *body, Calls *calls)
{
	Node	   *usage = Member(reader, body->container, KEY_tool_usage);
	Node	   *image = Member(reader, usage, KEY_image_gen);
	Node	   *model = NULL;
	Tally		none = {0};

	calls->searches = Larger(calls->searches, Count(reader, Member(reader, usage, KEY_web_search), KEY_num_requests));
	if (image != NULL && Count(reader, image, KEY_total_tokens) + Count(reader, image, KEY_input_tokens) +
		Count(reader, image, KEY_output_tokens) > 0)
	{
		PayloadBody drawn = {body->container, image, NULL};
		Charge	   *charge;

		for (Node *tool = Child(reader, Member(reader, body->container, KEY_tools)); tool != NULL; tool = tool->next)
		{
			if (StringIs(StringOf(reader, tool, KEY_type), "image_generation"))
				model = StringOf(reader, tool, KEY_model);
		}
		charge = AddCharge(reader, model);
		if (charge == NULL)
			return;
		ReadResponses(reader, &drawn, &charge->tally);
		charge->tally.requests_stated = true;
		charge->tally.units[METER_REQUESTS] = Larger(calls->images, 1);
		calls->images = 0;
	}
	if (usage != NULL)
		SettleNames(reader, usage, &none);
}

/* Mistral's connectors and Perplexity's tools. */
static void
ReadOtherTools(PayloadReader *reader, Node *usage, Calls *calls, Tally *tally)
{
	Node	   *connectors = Member(reader, usage, KEY_connectors);
	Node	   *details = Member(reader, usage, KEY_tool_calls_details);

	calls->searches = Larger(calls->searches, Count(reader, connectors, KEY_web_search));
	calls->executions = Larger(calls->executions, Count(reader, connectors, KEY_code_interpreter));
	AddCount(reader, &tally->units[METER_IMAGES], Count(reader, connectors, KEY_image_generation));
	calls->searches = Larger(calls->searches,
							 Agreed(reader, Count(reader, Member(reader, details, KEY_web_search), KEY_invocation),
									Count(reader, Member(reader, details, KEY_search_web), KEY_invocation), "searches"));
}

static int64_t StatedSearches(PayloadReader *reader, Node *usage);

/* Tools without a fee of their own, by the beginning of the names that the AI SDK gives them. */
static const char *const free_tools[] = {
	"web_fetch", "webFetch", "url_context", "urlContext", "code_execution", "codeExecution", "mcp", "tool_search", "toolSearch",
	"computer", "bash", "text_editor", "memory", NULL
};

/* A tool that ran at the provider, which charges it by its own rules. */
static void
AddToolPart(PayloadReader *reader, Node *part, int64_t stated, Calls *calls)
{
	Node	   *type = StringOf(reader, part, KEY_type);
	Node	   *executed = Member(reader, part, KEY_providerExecuted);
	Node	   *name = StringOf(reader, part, KEY_toolName);
	Node	   *mapping;

	if (!StringIs(type, "tool-call") || name == NULL || !IsKind(executed, JSON_BOOLEAN) || executed->value.length == 0)
		return;
	for (const char *const *free_tool = free_tools; *free_tool != NULL; free_tool++)
	{
		if (StringStarts(name, *free_tool))
			return;
	}
	mapping = CallMapping(reader, name);
	if (mapping != NULL)
		AddMapping(reader, calls->tally, mapping, 1);
	else if (stated == 0 || !StringHas(name, "earch"))
		Problem(reader, PAYLOAD_UNKNOWN_NAME, "The provider ran the tool \"%.*s\", and nothing tells what it charged for it.",
				STRING_ARGS(name));
}

static void
AddStep(PayloadReader *reader, Node *step, Node *usage, Calls *calls)
{
	Node	   *parts = FirstOf(reader, step, KEY_content, KEY_toolCalls, KEY_NONE);
	int64_t		stated = Larger(StatedSearches(reader, Member(reader, usage, KEY_raw)),
								StatedSearches(reader, Member(reader, Member(reader, Member(reader, step, KEY_providerMetadata), KEY_anthropic), KEY_usage)));

	ReadGroundingOfStep(reader, step, &stated, &calls->maps);
	calls->of_steps += stated;
	for (Node *part = IsKind(parts, JSON_ARRAY) ? Child(reader, parts) : NULL; part != NULL; part = part->next)
		AddToolPart(reader, part, stated, calls);
}

/* Tools that ran for a step of the assistants API; a container lives as long as the thread. */
static void
AddThreadTools(PayloadReader *reader, Node *step, Calls *calls)
{
	Node	   *list = Member(reader, Member(reader, step, KEY_step_details), KEY_tool_calls);

	for (Node *call = Child(reader, list); call != NULL; call = call->next)
	{
		Node	   *type = StringOf(reader, call, KEY_type);

		if (StringIs(type, "code_interpreter"))
			calls->executions = Larger(calls->executions, 1);
		else if (StringIs(type, "file_search"))
			calls->file_searches++;
		else if (type != NULL && !StringIs(type, "function"))
			Problem(reader, PAYLOAD_UNKNOWN_NAME, "A step ran the tool \"%.*s\", and what it is charged is not known.",
					STRING_ARGS(type));
	}
}

/* What the steps of a run of the AI SDK tell beside its usage; a result repeats its last step. */
static void
ReadAiSdkTools(PayloadReader *reader, const PayloadBody *body, Calls *calls)
{
	Node	   *step = Child(reader, Member(reader, body->container, KEY_steps));

	if (step == NULL)
		AddStep(reader, body->container, body->usage, calls);
	for (; step != NULL; step = step->next)
		AddStep(reader, step, Member(reader, step, KEY_usage), calls);
	for (Node *part = Child(reader, body->chunks); part != NULL; part = part->next)
	{
		if (!IsStepEnd(reader, part))
			continue;
		AddStep(reader, part, Member(reader, part, KEY_usage), calls);
		AddThreadTools(reader, part, calls);
	}
	for (Node *part = Child(reader, body->chunks); part != NULL; part = part->next)
		AddToolPart(reader, part, calls->of_steps, calls);
	calls->searches = Larger(calls->searches, calls->of_steps);
}

static int64_t
StatedSearches(PayloadReader *reader, Node *usage)
{
	int64_t		searches = CountAny(reader, usage, KEY_num_search_queries, KEY_web_searches, KEY_NONE);

	searches = Larger(searches, Count(reader, usage, KEY_num_sources_used));
	searches = Larger(searches, Count(reader, Member(reader, usage, KEY_server_tool_use_details), KEY_web_search_requests));
	return Larger(searches, Count(reader, Member(reader, usage, KEY_server_tool_use), KEY_web_search_requests));
}

void
ReadTools(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *model = StringOf(reader, body->container, KEY_model);
	Calls		calls = {
		.tally = tally,
		.counted = HasAny(reader, body->usage, KEY_num_server_side_tools_used, KEY_server_side_tool_usage_details, KEY_NONE)
	};

	AddItems(reader, body, &calls);
	AddExecuted(reader, body, &calls);
	ReadToolUsage(reader, body, &calls);
	if (!NothingLeft(reader, body->usage))
	{
		ReadServerSide(reader, body->usage, &calls);
		ReadOtherTools(reader, body->usage, &calls, tally);
	}

	if (HasAny(reader, body->container, KEY_steps, KEY_content, KEY_toolCalls, KEY_providerMetadata, KEY_NONE) ||
		(body->chunks != NULL && IsRunEnd(reader, body->container)))
		ReadAiSdkTools(reader, body, &calls);

	/* Every whole answer of these models of the chat API is one search. */
	if (StringHas(model, "-search-") && (StringHas(model, "-search-preview") || StringHas(model, "-search-api")) &&
		HasAny(reader, body->container, KEY_choices, KEY_object, KEY_id, KEY_NONE) &&
		HasAny(reader, body->usage, KEY_prompt_tokens, KEY_NONE))
		calls.searches = Larger(calls.searches, 1);
	calls.searches = Larger(calls.searches, StatedSearches(reader, body->usage));

	tally->units[METER_WEB_SEARCHES] = Larger(tally->units[METER_WEB_SEARCHES], calls.searches);
	tally->units[METER_MAP_SEARCHES] = Larger(tally->units[METER_MAP_SEARCHES], calls.maps);
	AddCount(reader, &tally->units[METER_FILE_SEARCHES], calls.file_searches);
	AddCount(reader, &tally->units[METER_CONTAINER_SESSIONS], calls.container_count + calls.executions);
	AddCount(reader, &tally->units[METER_IMAGES], calls.images);
}
