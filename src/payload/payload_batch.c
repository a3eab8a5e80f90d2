/*
 * payload_batch.c
 *	  Payloads that are a line of a batch's output, and payloads that sum several
 *	  requests.
 *
 * Invariant: a usage of several requests says how many, or is refused.
 */
#include "payload/payload_reader.h"

#include <inttypes.h>
#include <string.h>

/* Is a member there, be it null? */
static bool
Names(PayloadReader *reader, Node *object, PayloadKey key)
{
	for (Node *child = Child(reader, object); child != NULL; child = child->next)
	{
		if (child->key == key)
			return true;
	}
	return false;
}

/*
 * Of OpenAI the answer is the body of the response, of Claude on Vertex AI the
 * response.  Only what says that it failed, or says nothing, is no answer.
 */
static bool
IsAnswer(PayloadReader *reader, Node *response)
{
	Node	   *code = Member(reader, response, KEY_status_code);
	Node	   *answer = Names(reader, response, KEY_body) ? Member(reader, response, KEY_body) : response;

	if (IsKind(code, JSON_NUMBER) && reader->tree->source->number(&code->value) >= 400)
		return false;
	return Child(reader, answer) != NULL && !HasAny(reader, answer, KEY_error, KEY_NONE);
}

/* A moderation answers with what it flagged, and is not charged. */
static bool
IsModeration(PayloadReader *reader, Node *response)
{
	return HasAny(reader, Child(reader, Member(reader, Member(reader, response, KEY_body), KEY_results)), KEY_flagged, KEY_NONE);
}

typedef enum BatchLine
{
	LINE_NONE,
	LINE_ANSWERED,
	LINE_UNANSWERED
} BatchLine;

static BatchLine
LineOf(PayloadReader *reader, Node *root)
{
	Node	   *response = Member(reader, root, KEY_response);
	Node	   *result = Member(reader, root, KEY_result);
	bool		answer;
	bool		answered;

	if (!reader->of_batch && !HasAny(reader, root, KEY_custom_id, KEY_recordId, KEY_processed_time, KEY_key, KEY_request,
									 KEY_metadata, KEY_batch_request_id, KEY_NONE))
		return LINE_NONE;
	answer = Names(reader, root, KEY_response) || Names(reader, root, KEY_error);
	if (HasAny(reader, root, KEY_custom_id, KEY_NONE) && IsKind(result, JSON_OBJECT))	/* Anthropic */
		answered = HasAny(reader, result, KEY_message, KEY_NONE);
	else if (HasAny(reader, root, KEY_custom_id, KEY_NONE) && answer)	/* OpenAI */
		answered = IsAnswer(reader, response) && !IsModeration(reader, response);
	else if (HasAny(reader, root, KEY_batch_request_id, KEY_NONE))	/* xAI */
		answered = HasAny(reader, Member(reader, root, KEY_batch_result), KEY_response, KEY_NONE);
	else if (HasAny(reader, root, KEY_recordId, KEY_NONE))	/* Bedrock */
		answered = HasAny(reader, root, KEY_modelOutput, KEY_NONE);
	else if (HasAny(reader, root, KEY_processed_time, KEY_NONE) ||
			 (Names(reader, root, KEY_status) && HasAny(reader, root, KEY_request, KEY_NONE) && answer))	/* Vertex */
		answered = Child(reader, response) != NULL;
	else if ((reader->of_batch || HasAny(reader, root, KEY_key, KEY_NONE) ||
			  StringOf(reader, Member(reader, root, KEY_metadata), KEY_key) != NULL) && answer)	/* Gemini */
		answered = IsKind(response, JSON_OBJECT);
	else
		return LINE_NONE;
	return answered ? LINE_ANSWERED : LINE_UNANSWERED;
}

bool
IsBatchLine(PayloadReader *reader, Node *root)
{
	return LineOf(reader, root) != LINE_NONE;
}

bool
IsUnansweredLine(PayloadReader *reader, Node *root)
{
	return LineOf(reader, root) == LINE_UNANSWERED;
}

/* An answer that stands whole within a line: the body of OpenAI's, whatever xAI calls its own. */
Node *
AnswerOfLine(PayloadReader *reader, Node *root)
{
	Node	   *body = Member(reader, Member(reader, root, KEY_response), KEY_body);

	if (body != NULL)
		return body;
	return Child(reader, Member(reader, Member(reader, root, KEY_batch_result), KEY_response));
}

/* The answers of a batch that stand in one object, as Google's and xAI's APIs list them; NULL when root lists none. */
Node *
AnswersOfBatch(PayloadReader *reader, Node *root)
{
	static const PayloadKey places[][3] = {{KEY_NONE}, {KEY_response}, {KEY_dest}};
	Node	   *results = Member(reader, root, KEY_results);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		Node	   *place = MemberAt(reader, root, places[i]);
		Node	   *answers = place == NULL ? NULL : FirstOf(reader, place, KEY_inlinedResponses, KEY_inlined_responses, KEY_NONE);

		if (IsKind(answers, JSON_OBJECT))
			answers = FirstOf(reader, answers, KEY_inlinedResponses, KEY_inlined_responses, KEY_NONE);
		if (IsKind(answers, JSON_ARRAY))
			return answers;
	}
	return IsKind(results, JSON_ARRAY) && HasAny(reader, Child(reader, results), KEY_batch_request_id, KEY_NONE) ? results : NULL;
}

/* A result of Claude Code counts by model, too; that is the whole. */
static void
ReadModelUsage(PayloadReader *reader, Node *models, int64_t requests, Tally *tally)
{
	Node	   *first = Child(reader, models);

	if (first == NULL)
		return;
	reader->no_main = true;
	for (Node *model = first; model != NULL; model = model->next)
	{
		JsonValue	name = {JSON_STRING, model->name_length, model->name};
		PayloadBody body = {models, model, NULL};
		Charge	   *charge = AddCharge(reader, NewNode(reader->tree, &name));

		if (charge == NULL)
			return;
		ReadShape(reader, &body, &charge->tally);
		charge->tally.units[METER_WEB_SEARCHES] = Count(reader, model, KEY_webSearchRequests);
		SettleNames(reader, model, &charge->tally);
		charge->tally.requests_stated = true;
		charge->tally.units[METER_REQUESTS] = requests;
	}

	/* One model, and the usage says the same: nothing is left to tell apart. */
	if (first->next == NULL && reader->charges[0].tally.input == tally->input &&
		reader->charges[0].tally.output == tally->output)
	{
		reader->charge_count = 0;
		reader->no_main = false;
	}
}

/* What several models did for one answer of Groq's; tools that ran are charged to the system that ran them. */
static void
ReadBreakdown(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *breakdown = Member(reader, body->container, KEY_usage_breakdown);
	Tally		tools = {0};
	bool		used = false;

	for (Node *chunk = Child(reader, body->chunks); chunk != NULL && breakdown == NULL; chunk = chunk->next)
		breakdown = FirstOf(reader, chunk, KEY_usage_breakdown, KEY_NONE);
	for (Node *model = Child(reader, Member(reader, breakdown, KEY_models)); model != NULL; model = model->next)
	{
		PayloadBody part = {model, Member(reader, model, KEY_usage), NULL};
		Charge	   *charge = AddCharge(reader, StringOf(reader, model, KEY_model));

		if (charge == NULL)
			return;
		if (part.usage == NULL)
			Problem(reader, PAYLOAD_NO_USAGE, "A model of \"usage_breakdown\" has no usage.");
		else
			ReadShape(reader, &part, &charge->tally);
		SettleNames(reader, part.usage, &charge->tally);
	}
	if (reader->charge_count == 0)
		return;
	memcpy(tools.units, tally->units, sizeof(tools.units));
	*tally = tools;
	for (Meter meter = 0; meter < METER_COUNT; meter++)
		used = used || tally->units[meter] != 0;
	reader->no_main = !used;
	tally->requests_stated = used;
}

/* The steps of a run of the AI SDK, of which each is a request; 0 when it does not tell them. */
static int64_t
StepsOf(PayloadReader *reader, const PayloadBody *body)
{
	int64_t		steps = 0;

	for (Node *step = Child(reader, Member(reader, body->container, KEY_steps)); step != NULL; step = step->next)
		steps++;
	for (Node *chunk = Child(reader, body->chunks); chunk != NULL; chunk = chunk->next)
		steps += IsStepEnd(reader, chunk);
	return steps;
}

/* One step where none is told and the last step is the whole. */
static void
ReadSteps(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	PayloadBody last = {body->container, Member(reader, body->container, KEY_usage), NULL};
	Tally		tally_of_last = {0};

	tally->requests_stated = true;
	tally->units[METER_REQUESTS] = StepsOf(reader, body);
	if (tally->units[METER_REQUESTS] > 0)
		return;
	tally->units[METER_REQUESTS] = 1;
	if (body->usage->key != KEY_totalUsage)
		return;
	if (last.usage != NULL)
		ReadShape(reader, &last, &tally_of_last);
	if (tally_of_last.input != tally->input || tally_of_last.output != tally->output)
		Problem(reader, PAYLOAD_SEVERAL, "\"totalUsage\" sums several steps, and nothing tells how many.");
}

/* A usage beside several steps is that of all of them, as before version 5 of the AI SDK, or one of them alone. */
static void
CheckSteps(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	int64_t		input = 0;
	int64_t		output = 0;
	int64_t		steps = 0;

	for (Node *step = Child(reader, Member(reader, body->container, KEY_steps)); step != NULL; step = step->next)
	{
		PayloadBody part = {step, Member(reader, step, KEY_usage), NULL};
		Tally		of_step = {0};

		if (!IsKind(part.usage, JSON_OBJECT) || !IsUsage(reader, &part))
			continue;
		ReadShape(reader, &part, &of_step);
		AddCount(reader, &input, of_step.input);
		AddCount(reader, &output, of_step.output);
		steps++;
	}
	if (steps < 2)
		return;
	tally->requests_stated = true;
	tally->units[METER_REQUESTS] = steps;
	if (input != tally->input || output != tally->output)
		Problem(reader, PAYLOAD_SEVERAL, "\"usage\" is not what its %" PRId64 " steps count together.", steps);
}

void
ReadRequests(PayloadReader *reader, const PayloadBody *body, Tally *tally)
{
	Node	   *usage = body->usage;
	Node	   *stated = FirstOf(reader, usage, KEY_requests, KEY_successful_requests, KEY_num_model_requests,
							   KEY_request_count, KEY_NONE);
	Node	   *turns = StringIs(StringOf(reader, body->container, KEY_type), "result") ?
		Member(reader, body->container, KEY_num_turns) : NULL;

	if (usage->key == KEY_totalUsage || (body->chunks != NULL && IsRunEnd(reader, body->container)))
		ReadSteps(reader, body, tally);
	else if (usage->key == KEY_usage)
		CheckSteps(reader, body, tally);
	if (body->container != NULL && reader->charge_count == 0)
		ReadBreakdown(reader, body, tally);
	if (turns != NULL)
		stated = turns;
	else if (StringIs(StringOf(reader, body->container, KEY_object), "batch"))
		stated = Member(reader, Member(reader, body->container, KEY_request_counts), KEY_completed);
	if (stated == NULL || !IsKind(stated, JSON_NUMBER))
		return;
	tally->requests_stated = true;
	tally->units[METER_REQUESTS] = CountOf(reader, stated);
	if (tally->units[METER_REQUESTS] == 0 && tally->input + tally->output > 0)
		Problem(reader, PAYLOAD_UNRECONCILED, "\"%.*s\" is 0, but there are tokens.",
				(int) stated->name_length, stated->name);
	if (turns != NULL)
		ReadModelUsage(reader, Member(reader, body->container, KEY_modelUsage), tally->units[METER_REQUESTS], tally);
}
