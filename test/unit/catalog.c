/*
 * catalog.c
 *	  Unit tests of src/catalog: each rule of each format on the smallest
 *	  catalog that shows it.  Rows are compared as text, one line each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/price_catalog.h"
#include "tap.h"

#define TEXT_SIZE 16384
#define MUTATIONS 20000

/* Append a line of printf to text. */
#define APPEND(text, ...) \
	snprintf((text) + strlen(text), TEXT_SIZE - strlen(text), __VA_ARGS__)

static bool
Never(void)
{
	return false;
}

static void
AppendPrice(char *text, const CatalogRow *row)
{
	APPEND(text, "%s/%s", row->provider, row->model);
	if (row->region[0] != '\0')
		APPEND(text, "@%s", row->region);
	if (strcmp(row->service_tier, "standard") != 0)
		APPEND(text, ":%s", row->service_tier);
	APPEND(text, " %s ", row->meter);
	if (row->usd != NULL)
		APPEND(text, "%s", row->usd);
	else if (row->amount != NULL)
		APPEND(text, "%s %s", row->amount, row->currency);
	else if (row->multiplier != NULL)
		APPEND(text, "x%s", row->multiplier);
	else
		APPEND(text, "withdrawn");
	if (row->unit_quantity != 1)
		APPEND(text, " per %" PRId64, row->unit_quantity);
	if (row->above_input_tokens != 0)
		APPEND(text, " %s%" PRId64, row->threshold_inclusive ? ">=" : ">", row->above_input_tokens);
	if (row->time_windows != NULL)
		APPEND(text, " in %s", row->time_windows);
	if (row->agreement != NULL)
		APPEND(text, " %s", row->agreement);
	if (row->note != NULL)
		APPEND(text, " (%s)", row->note);
}

static void
AppendRow(char *text, const CatalogRow *row)
{
	switch (row->kind)
	{
		case CATALOG_PRICE:
			AppendPrice(text, row);
			break;
		case CATALOG_ALIAS:
			APPEND(text, "alias %s = %s/%s", row->alias, row->provider, row->model == NULL ? "-" : row->model);
			break;
		case CATALOG_GPU_PRICE:
			APPEND(text, "gpu %s %s %s %s", row->gpu, row->vendor, row->term, row->usd == NULL ? "-" : row->usd);
			break;
		case CATALOG_REJECTED:
		case CATALOG_MERGED:
			APPEND(text, "%s %s: %s", CatalogKindName(row->kind), row->path, row->problem);
			break;
	}
	if (row->valid_from != CATALOG_ALWAYS)
		APPEND(text, " from %" PRId64, row->valid_from / 1000000);
	APPEND(text, "\n");
}

/* The rows of a catalog must be these lines. */
static void
RowsAre(CatalogFormat format, const char *json, const char *expected, const char *name)
{
	static char text[TEXT_SIZE];
	Catalog		catalog;

	text[0] = '\0';
	if (CatalogParse(json, strlen(json), format, Never, &catalog) != CATALOG_OK)
		APPEND(text, "error: %s\n", catalog.detail);
	for (size_t i = 0; i < catalog.row_count; i++)
		AppendRow(text, &catalog.rows[i]);
	if (!Ok(strcmp(text, expected) == 0, "%s", name))
		printf("# got:\n%s# expected:\n%s", text, expected);
	CatalogFree(&catalog);
}

/* A native catalog of one price entry: NATIVE(members after provider and model). */
#define NATIVE_HEAD "{\"inferacct\":1,\"source\":\"s\",\"checked_on\":\"2026-11-01\","
#define NATIVE(members) NATIVE_HEAD "\"prices\":[{\"provider\":\"p\",\"model\":\"m\"," members "}]}"
#define NATIVE_USD(price) NATIVE("\"usd\":{\"input\":" price "}")
#define NATIVE_TIME(text) NATIVE("\"usd\":{\"input\":1},\"valid_from\":" text)
#define NATIVE_WINDOWS(windows) \
	NATIVE("\"usd\":{\"input\":1},\"time_windows\":{\"timezone\":\"UTC\",\"windows\":[" windows "]}")

static void
TestNativePrices(void)
{
	CatalogFormat f = CATALOG_INFERACCT;

	RowsAre(f, NATIVE_USD("\"2.50\""), "p/m input 2.5 per 1000000\n", "a decimal string");
	RowsAre(f, NATIVE_USD("0.1"), "p/m input 0.1 per 1000000\n", "a number with 15 digits or fewer");
	RowsAre(f, NATIVE_USD("0"), "p/m input 0 per 1000000\n", "free is 0");
	RowsAre(f, NATIVE_USD("-0.0"), "p/m input 0 per 1000000\n", "minus zero is 0");
	RowsAre(f, NATIVE_USD("null"), "p/m input withdrawn per 1000000\n", "null withdraws the price");
	RowsAre(f, NATIVE("\"usd\":{\"web_searches\":{\"usd\":\"10\",\"per\":1000},\"pages\":\"0.002\"}"),
			"p/m web_searches 10 per 1000\np/m pages 0.002\n", "a price says per how many");
	RowsAre(f, NATIVE("\"currency\":\"CNY\",\"amount\":{\"output\":\"8\"}"),
			"p/m output 8 CNY per 1000000\n", "another currency");
	RowsAre(f, NATIVE("\"region\":\"eu\",\"multiplier\":{\"*\":\"1.1\",\"input\":1.25}"),
			"p/m@eu * x1.1\np/m@eu input x1.25 per 1000000\n", "multipliers");
	RowsAre(f, NATIVE("\"service_tier\":\"batch\",\"above_input_tokens\":200000,"
					  "\"threshold_inclusive\":true,\"usd\":{\"input\":1}"),
			"p/m:batch input 1 per 1000000 >=200000\n", "service tier and context tier");
	RowsAre(f, NATIVE("\"threshold_inclusive\":true,\"usd\":{\"input\":1}"),
			"p/m input 1 per 1000000\n", "no threshold has nothing to include");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1},\"agreement\":\"disputed\",\"note\":\"2: q\""),
			"p/m input 1 per 1000000 disputed (2: q)\n", "what other sources say");
	RowsAre(f, NATIVE_HEAD "\"agreement\":\"agreed\",\"prices\":[{\"provider\":\"p\",\"model\":\"m\",\"usd\":{\"input\":1}},"
			"{\"provider\":\"p\",\"model\":\"n\",\"agreement\":\"single\",\"usd\":{\"input\":1}}]}",
			"p/m input 1 per 1000000 agreed\np/n input 1 per 1000000 single\n", "agreement is inherited");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1},\"agreement\":\"sure\""),
			"rejected prices[0].agreement: agreement is not agreed, single or disputed\n", "no such agreement");
	RowsAre(f, NATIVE_HEAD "\"agreement\":7}", "rejected agreement: agreement is not agreed, single or disputed\n",
			"no such agreement of a file");
}

static void
TestNativeRejects(void)
{
	CatalogFormat f = CATALOG_INFERACCT;

	RowsAre(f, NATIVE_USD("0.18000000000000002"),
			"rejected prices[0].usd.input: price finer than 1e-15 USD per unit\n", "float dirt");
	RowsAre(f, NATIVE_USD("\"0.18000000000000002\""),
			"rejected prices[0].usd.input: price finer than 1e-15 USD per unit\n", "too fine a string");
	RowsAre(f, NATIVE_USD("1e400"),
			"rejected prices[0].usd.input: price too large\n", "infinity");
	RowsAre(f, NATIVE_USD("\"1e30\""), "rejected prices[0].usd.input: price too large\n", "too large");
	RowsAre(f, NATIVE_USD("-1"), "rejected prices[0].usd.input: negative price\n", "negative");
	RowsAre(f, NATIVE_USD("true"), "rejected prices[0].usd.input: price has an unknown shape\n", "no number");
	RowsAre(f, NATIVE_USD("{\"usd\":1,\"per\":0}"),
			"rejected prices[0].usd.input: price has an unknown shape\n", "per 0");
	RowsAre(f, NATIVE("\"usd\":{\"imput\":1}"), "rejected prices[0].usd.imput: unknown meter\n", "unknown meter");
	RowsAre(f, NATIVE("\"usd\":{}"), "rejected prices[0].usd: no price\n", "no price");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1},\"tier\":\"x\""),
			"rejected prices[0].tier: unknown field\n", "unknown field");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1},\"model\":\"n\""),
			"rejected prices[0].model: field is given twice\n", "a field given twice");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1,\"input\":1}"),
			"p/m input 1 per 1000000\nrejected prices[0].usd.input: duplicate of another entry\n",
			"a price given twice, even the same");
	RowsAre(f, NATIVE("\"currency\":\"CNY\",\"usd\":{\"input\":1}"),
			"rejected prices[0].usd: prices in USD are in usd, others in amount\n"
			"rejected prices[0].amount: no price\n", "yuan are no dollars");
	RowsAre(f, "{\"inferacct\":1,\"prices\":[{\"usd\":{\"input\":1}},7]}",
			"rejected prices[0].source: no source\n"
			"rejected prices[0].checked_on: no date of the check\n"
			"rejected prices[0].provider: no provider\n"
			"rejected prices[0].model: no model\n"
			"rejected prices[1]: entry is not an object\n", "what an entry must have");
	RowsAre(f, NATIVE_HEAD "\"price\":[],\"prices\":{}}",
			"rejected price: unknown field\nrejected prices: value is not a list\n", "the top level");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1},\"above_input_tokens\":1.5"),
			"rejected prices[0].above_input_tokens: count is not a whole number\n", "half a token");
}

static void
TestNativeOthers(void)
{
	RowsAre(CATALOG_INFERACCT,
			NATIVE_HEAD "\"aliases\":[{\"alias\":\"a\",\"provider\":\"p\",\"model\":\"m\"},"
			"{\"alias\":\"a\",\"provider\":\"p\",\"model\":null,\"valid_from\":\"1970-01-02\"},"
			"{\"alias\":\"a\",\"provider\":\"p\",\"model\":\"n\"},{\"alias\":\"b\",\"provider\":\"p\"}]}",
			"alias a = p/m\nalias a = p/- from 86400\n"
			"rejected aliases[2]: duplicate of another entry\nrejected aliases[3].model: no model\n",
			"aliases");
	RowsAre(CATALOG_INFERACCT,
			NATIVE_HEAD "\"gpu_prices\":[{\"gpu\":\"H100\",\"vendor\":\"v\",\"term\":\"spot\",\"usd_per_hour\":\"1.99\"},"
			"{\"gpu\":\"H100\",\"vendor\":\"v\",\"term\":\"weekly\",\"usd_per_hour\":2}]}",
			"gpu H100 v spot 1.99\nrejected gpu_prices[1].term: unknown term\n", "GPU prices");
}

static void
TestTimes(void)
{
	CatalogFormat f = CATALOG_INFERACCT;
	static const char *const bad[] = {
		NATIVE_TIME("\"2026-02-29\""), NATIVE_TIME("\"2026-13-01\""), NATIVE_TIME("\"2026-1-01\""),
		NATIVE_TIME("\"2026-01-01T00:00\""), NATIVE_TIME("\"2026-01-01T24:00Z\""),
		NATIVE_TIME("\"2026-01-01T00:00:00.1234567Z\""), NATIVE_TIME("\"2026-01-01 \""),
		NATIVE_TIME("\"infinity\""), NATIVE_TIME("1700000000"), NATIVE_TIME("\"0000-01-01\"")
	};

	RowsAre(f, NATIVE_TIME("\"2024-02-29\""), "p/m input 1 per 1000000 from 1709164800\n", "a leap day at 00:00 UTC");
	RowsAre(f, NATIVE_TIME("\"1969-12-31T23:59:59Z\""), "p/m input 1 per 1000000 from -1\n", "before 1970");
	RowsAre(f, NATIVE_TIME("\"2026-08-17T00:00+08:00\""),
			"p/m input 1 per 1000000 from 1786896000\n", "an offset from UTC");
	RowsAre(f, NATIVE_TIME("\"2026-08-16 16:00:00.5-00\""),
			"p/m input 1 per 1000000 from 1786896000\n", "a space, a fraction, a short offset");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		RowsAre(f, bad[i], "rejected prices[0].valid_from: time is neither a date nor a timestamp "
				"with its offset from UTC\n", "not a time");
}

#define ALL_DAYS "\"days\": [1, 2, 3, 4, 5, 6, 7]"
#define UTC_WINDOWS(windows) "p/m input 1 per 1000000 in {\"timezone\": \"UTC\", \"windows\": [" windows "]}\n"

static void
TestWindows(void)
{
	CatalogFormat f = CATALOG_INFERACCT;

	RowsAre(f, NATIVE_WINDOWS("{\"from\":\"09:00\",\"to\":\"12:00\"}"),
			UTC_WINDOWS("{" ALL_DAYS ", \"from\": \"09:00\", \"to\": \"12:00\"}"), "no days are all days");
	RowsAre(f, NATIVE_WINDOWS("{\"days\":[7,5],\"from\":\"22:00\",\"to\":\"06:00\"}"),
			UTC_WINDOWS("{\"days\": [1, 6], \"from\": \"00:00\", \"to\": \"06:00\"}, "
						"{\"days\": [5, 7], \"from\": \"22:00\", \"to\": \"24:00\"}"),
			"a window past midnight is two, the second on the day after");
	RowsAre(f, NATIVE_WINDOWS("{\"days\":[2],\"from\":\"10:00\",\"to\":\"12:00\"},"
							  "{\"days\":[1,2],\"from\":\"08:00\",\"to\":\"10:00\"},"
							  "{\"days\":[1],\"from\":\"09:00\",\"to\":\"12:00\"}"),
			UTC_WINDOWS("{\"days\": [1, 2], \"from\": \"08:00\", \"to\": \"12:00\"}"),
			"equal hours have equal text");
	RowsAre(f, NATIVE_WINDOWS("{\"days\":[1],\"from\":\"08:00\",\"to\":\"10:00\"},"
							  "{\"days\":[2,3],\"from\":\"08:00\",\"to\":\"11:00\"}"),
			UTC_WINDOWS("{\"days\": [1], \"from\": \"08:00\", \"to\": \"10:00\"}, "
						"{\"days\": [2, 3], \"from\": \"08:00\", \"to\": \"11:00\"}"),
			"different ends are different windows");
	RowsAre(f, NATIVE_WINDOWS("{\"from\":\"09:00\",\"to\":\"09:00\"}"),
			"rejected prices[0].time_windows.windows[0]: time window is empty\n", "an empty window");
	RowsAre(f, NATIVE_WINDOWS("{\"days\":[0],\"from\":\"09:00\",\"to\":\"10:00\"}"),
			"rejected prices[0].time_windows.windows[0]: days are not a list of 1 (Monday) to 7 (Sunday)\n", "day 0");
	RowsAre(f, NATIVE_WINDOWS("{\"from\":\"9:00\",\"to\":\"24:01\"}"),
			"rejected prices[0].time_windows.windows[0]: time of day is not HH:MM\n", "not a time of day");
	RowsAre(f, NATIVE_WINDOWS(""), "rejected prices[0].time_windows.windows: no windows\n", "no windows");
	RowsAre(f, NATIVE("\"usd\":{\"input\":1},\"time_windows\":{\"timezone\":\"a\\\"b\",\"windows\":[]}"),
			"rejected prices[0].time_windows.timezone: no name of a time zone\n", "no time zone");
}

static void
TestMalformed(void)
{
	CatalogFormat f = CATALOG_INFERACCT;

	RowsAre(f, "{\"a\":1,\n \"b\":}", "error: The text is not JSON: see line 2, column 6.\n", "a syntax error");
	RowsAre(f, "{} x", "error: The text is not JSON: see line 1, column 4.\n", "text after the value");
	RowsAre(f, "", "error: The text is not JSON: see line 1, column 1.\n", "no text");
	RowsAre(f, "{\"a\\\\\\u0000\":1}", "error: The text is not JSON: see line 1, column 6.\n", "an escaped NUL");
	RowsAre(CATALOG_LITELLM, "{\"a\\\\u0000\":1}", "rejected a\\u0000: entry is not an object\n",
			"an escaped backslash before u0000 is no NUL");
	RowsAre(f, "{\"inferacct\":2}", "error: The text is no price catalog: it has no \"inferacct\": 1 at its top level.\n",
			"another version");
	RowsAre(CATALOG_GENAI_PRICES, "{}", "error: The text is no genai-prices catalog: it is not a list of providers.\n",
			"an object is no genai-prices catalog");
	RowsAre(CATALOG_LITELLM, "[]", "error: The text is no LiteLLM catalog: it is not an object of models.\n",
			"a list is no LiteLLM catalog");
}

#define GENAI(prices) "[{\"id\":\"p\",\"models\":[{\"id\":\"m\",\"match\":{\"equals\":\"m\"},\"prices\":" prices "}]}]"
#define GENAI_NAMES(models) "[{\"id\":\"p\",\"models\":[" models "]}]"
#define GENAI_MODEL(id, match) "{\"id\":\"" id "\",\"match\":" match ",\"prices\":{\"input_mtok\":1}}"

#define NO_CONDITION "condition of the price, or of another one of the model, cannot be expressed\n"
#define UTC_HOURS(from, to) "{\"timezone\": \"UTC\", \"windows\": [{" ALL_DAYS ", \"from\": \"" from "\", \"to\": \"" to "\"}]}"

static void
TestGenai(void)
{
	CatalogFormat f = CATALOG_GENAI_PRICES;

	RowsAre(f, GENAI("{\"input_mtok\":2.5,\"cache_audio_read_mtok\":0.175,\"web_searches_kcount\":10}"),
			"p/m input 2.5 per 1000000\np/m cache_read_audio 0.175 per 1000000\np/m web_searches 10 per 1000\n",
			"genai: units");
	RowsAre(f, GENAI("{\"output_mtok\":{\"base\":15,\"tiers\":[{\"start\":200000,\"price\":22.5}]}}"),
			"p/m output 15 per 1000000\np/m output 22.5 per 1000000 >200000\n", "genai: context tiers are above start");
	RowsAre(f, GENAI("{}"), "rejected p/m.prices: no price\n", "genai: an empty set is unknown, not 0");
	RowsAre(f, GENAI("{\"input_mtok\":0.18000000000000002,\"tokens_mtok\":1,\"output_mtok\":{\"base\":1}}"),
			"p/m input 0.18 per 1000000 (rounded from 0.18000000000000002)\n"
			"rejected p/m.prices.tokens_mtok: price field has no meter\n"
			"rejected p/m.prices.output_mtok: price has an unknown shape\n", "genai: what cannot be taken");
}

static void
TestGenaiConditions(void)
{
	CatalogFormat f = CATALOG_GENAI_PRICES;

	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":{\"base\":5,\"tiers\":[{\"start\":200000,\"price\":10}]}}},"
					 "{\"constraint\":{\"start_date\":\"1970-01-02\"},\"prices\":{\"input_mtok\":5}}]"),
			"p/m input 5 per 1000000\np/m input 10 per 1000000 >200000\n"
			"p/m input 5 per 1000000 from 86400\n"
			"p/m input withdrawn per 1000000 >200000 from 86400\n",
			"genai: a dated set ends what it does not state");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1}},"
					 "{\"constraint\":{\"start_date\":\"1970-01-03\"},\"prices\":{\"input_mtok\":2}},"
					 "{\"constraint\":{\"start_date\":\"1970-01-02\"},\"prices\":{\"input_mtok\":3}}]"),
			"p/m input 1 per 1000000\nrejected p/m.prices[1].input_mtok: price is never in force\n"
			"p/m input 3 per 1000000 from 86400\n", "genai: the last set that holds wins");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1}},{\"prices\":{\"input_mtok\":2}}]"),
			"rejected p/m.prices[0].input_mtok: price is never in force\np/m input 2 per 1000000\n",
			"genai: of two sets that always hold the last wins");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1}},"
					 "{\"constraint\":{\"start_time\":\"00:30:00Z\",\"end_time\":\"16:30:00Z\"},\"prices\":{\"input_mtok\":2}},"
					 "{\"constraint\":{\"start_date\":\"1970-01-02\"},\"prices\":{\"input_mtok\":3}}]"),
			"p/m input 1 per 1000000\n"
			"p/m input 2 per 1000000 in {\"timezone\": \"UTC\", \"windows\": [{" ALL_DAYS ", \"from\": \"00:30\", \"to\": \"16:30\"}]}\n"
			"p/m input 3 per 1000000 from 86400\n"
			"p/m input withdrawn per 1000000 in {\"timezone\": \"UTC\", \"windows\": [{" ALL_DAYS ", \"from\": \"00:30\", \"to\": \"16:30\"}]} from 86400\n",
			"genai: a time of day, which a dated set ends");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1,\"output_mtok\":1}},"
					 "{\"constraint\":{\"start_time\":\"16:30:00Z\",\"end_time\":\"00:30:00Z\"},\"prices\":{\"input_mtok\":2}},"
					 "{\"constraint\":{\"weekday\":1},\"prices\":{\"input_mtok\":3}}]"),
			"rejected p/m.prices[0].input_mtok: " NO_CONDITION "rejected p/m.prices[0].output_mtok: " NO_CONDITION
			"rejected p/m.prices[1].input_mtok: " NO_CONDITION "rejected p/m.prices[2].input_mtok: " NO_CONDITION,
			"genai: of conditions that cannot all be taken none is");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1}},"
					 "{\"constraint\":{\"start_time\":\"16:30:00Z\",\"end_time\":\"00:30:00Z\"},\"prices\":{\"input_mtok\":2}}]"),
			"p/m input 1 per 1000000\nrejected p/m.prices[1].input_mtok: time window is empty\n", "genai: a window past midnight never holds");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1}},"
					 "{\"constraint\":{\"start_time\":\"01:00:00Z\",\"end_time\":\"04:00:00Z\"},\"prices\":{\"input_mtok\":2}},"
					 "{\"constraint\":{\"start_time\":\"03:00:00Z\",\"end_time\":\"05:00:00Z\"},\"prices\":{\"input_mtok\":3}},"
					 "{\"constraint\":{\"start_date\":\"1970-01-02\"},\"prices\":{\"input_mtok\":4}}]"),
			"p/m input 1 per 1000000\n"
			"p/m input 2 per 1000000 in " UTC_HOURS("01:00", "03:00") "\n"
			"p/m input 3 per 1000000 in " UTC_HOURS("03:00", "05:00") "\n"
			"p/m input 4 per 1000000 from 86400\n"
			"p/m input withdrawn per 1000000 in " UTC_HOURS("03:00", "05:00") " from 86400\n"
			"p/m input withdrawn per 1000000 in " UTC_HOURS("01:00", "03:00") " from 86400\n",
			"genai: two windows, of which the later one goes first, and both are ended");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1}},"
					 "{\"constraint\":{\"start_time\":\"01:00:00Z\",\"end_time\":\"04:00:00Z\"},\"prices\":{\"input_mtok\":2}},"
					 "{\"constraint\":{\"start_time\":\"00:00:00Z\",\"end_time\":\"05:00:00Z\"},\"prices\":{\"input_mtok\":3}}]"),
			"p/m input 1 per 1000000\nrejected p/m.prices[1].input_mtok: price is never in force\n"
			"p/m input 3 per 1000000 in " UTC_HOURS("00:00", "05:00") "\n", "genai: a window within a later one never holds");
	RowsAre(f, GENAI("[{\"prices\":{\"input_mtok\":1,\"output_mtok\":1}},"
					 "{\"constraint\":{\"start_time\":\"01:00:00Z\",\"end_time\":\"02:00:00Z\"},\"prices\":{\"input_mtok\":2}}]"),
			"p/m input 1 per 1000000\np/m output 1 per 1000000\n"
			"p/m input 2 per 1000000 in {\"timezone\": \"UTC\", \"windows\": [{" ALL_DAYS ", \"from\": \"01:00\", \"to\": \"02:00\"}]}\n"
			"rejected p/m.prices[1].output: time window leaves out a price of the default\n",
			"genai: a window must state all");
}

static void
TestGenaiFigures(void)
{
	CatalogFormat f = CATALOG_GENAI_PRICES;

	RowsAre(f, GENAI("{\"audio_hours\":4.8,\"input_document_kpages\":1,\"storage_searches_kcount\":2.5}"),
			"p/m seconds 0.001333333333333 (rounded from 4.8 an hour)\np/m pages 1 per 1000\np/m file_searches 2.5 per 1000\n", "genai: hours, pages, file searches");
	RowsAre(f, "[{\"id\":\"perplexity\",\"models\":[{\"id\":\"m\",\"prices\":{\"requests_kcount\":12}}]}]",
			"rejected perplexity/m.prices.requests_kcount: fee of one search context size for all of them\n", "genai: the highest fee is not that of all");
	RowsAre(f, GENAI("{\"input_audio_hours\":0.36}"), "p/m seconds 0.36 per 3600\n", "genai: an hour whose seconds have an exact price");
	RowsAre(f, GENAI_NAMES("{\"id\":\"m:free\",\"prices\":{}}"), "p/m:free input 0 per 1000000\np/m:free output 0 per 1000000\n",
			"genai: what says that it is free costs 0");
	RowsAre(f, GENAI("{\"input_mtok\":1.5000020000000002}"), "p/m input 1.500002 per 1000000 (rounded from 1.5000020000000002)\n",
			"genai: the noise of floats is taken off");
	RowsAre(f, GENAI("{\"input_mtok\":0.08333333333333334}"), "rejected p/m.prices.input_mtok: price finer than 1e-15 USD per unit\n",
			"genai: but nothing else is rounded");
}

static void
TestGenaiNames(void)
{
	CatalogFormat f = CATALOG_GENAI_PRICES;
	static const char *const beyond[] = {
		"m$", "^", "^$", "^m.$", "^m+$", "^m\\\\d+$", "^m\\\\d{0}$", "^m\\\\d{2,3}$", "^m\\\\d{99}$", "^m\\\\d{8", "^m\\\\w$", "^(a|b)$", "^(?!x)", "^a|b$", "^m[0-9]$", "^m#$", "^m\\\\*$", "^m\\\\"
	};

	RowsAre(f, GENAI_NAMES(GENAI_MODEL("m", "{\"or\":[{\"equals\":\"m\"},{\"equals\":\"m-1\"},{\"starts_with\":\"m\"}]}")
						   "," GENAI_MODEL("n", "{\"or\":[{\"equals\":\"m-1\"},{\"equals\":\"m\"},{\"and\":[]}]}")),
			"p/m input 1 per 1000000\nalias p/m-1 = p/m\nalias p/m* = p/m\n"
			"p/n input 1 per 1000000\n"
			"rejected p/n.match.or[0].equals: alias already taken\n"
			"rejected p/n.match.or[1].equals: alias already taken\n"
			"rejected p/n.match.or[2].and: name pattern cannot be expressed\n"
			"alias m-1 = p/m\n", "genai: names");
	RowsAre(f, GENAI_NAMES(GENAI_MODEL("m", "{\"or\":[{\"contains\":\"x\"},{\"ends_with\":\"y\"},{\"contains\":\"a*b\"},{\"starts_with\":\"\"},{\"regex\":\"z\"}]}")),
			"p/m input 1 per 1000000\nalias p/*x* = p/m\nalias p/*y = p/m\n"
			"rejected p/m.match.or[2].contains: name pattern cannot be expressed\n"
			"rejected p/m.match.or[3].starts_with: name pattern cannot be expressed\n"
			"rejected p/m.match.or[4].regex: name pattern cannot be expressed\n", "genai: name patterns become aliases with stars");
	RowsAre(f, GENAI_NAMES(GENAI_MODEL("m", "{\"or\":[{\"regex\":\"^m-\\\\d{8}$\"},{\"regex\":\"^m\\\\.5-\\\\d\"},{\"regex\":\"^m-5\\\\[fast=true\\\\]$\"}]}")),
			"p/m input 1 per 1000000\nalias p/m-######## = p/m\nalias p/m.5-#* = p/m\nalias p/m-5[fast=true] = p/m\nalias m-5[fast=true] = p/m\n",
			"genai: expressions of text and digits become aliases, too");
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
	{
		char		catalog[256];

		snprintf(catalog, sizeof(catalog), GENAI_NAMES(GENAI_MODEL("m", "{\"regex\":\"%s\"}")), beyond[i]);
		RowsAre(f, catalog, "p/m input 1 per 1000000\nrejected p/m.match.regex: name pattern cannot be expressed\n", beyond[i]);
	}
	RowsAre(f, GENAI_NAMES("{\"id\":\"m\",\"match\":{\"equals\":\"a\"},\"prices\":{}},{\"prices\":{}},7"),
			"rejected p/m.prices: no price\nrejected p/m.match.equals: alias of a model without a price\n"
			"rejected p.models[1]: no model\nrejected p.models[2]: entry is not an object\n", "genai: entries");
	RowsAre(f, "[{\"models\":[]},3]",
			"rejected [0]: no provider\nrejected [1]: entry is not an object\n", "genai: providers");
}

#define LITELLM(provider, key, fields) "{\"" key "\":{\"litellm_provider\":\"" provider "\"," fields "}}"
#define OPENAI(fields) LITELLM("openai", "m", fields)
#define ONE_PRICE "\"input_cost_per_token\":3e-07"

static void
TestLitellmKeys(void)
{
	static const char *const keys[][2] = {
		{LITELLM("openai", "openai/hd/1024-x-1792/dall-e-3", ONE_PRICE), "openai/hd/1024-x-1792/dall-e-3"},
		{LITELLM("azure", "azure/eu/o1", ONE_PRICE), "azure/o1@eu"},
		{LITELLM("azure", "azure/global-standard/o1", ONE_PRICE), "azure/o1@global-standard"},
		{LITELLM("azure", "azure/hd/1024-x-1024/dall-e-3", ONE_PRICE), "azure/hd/1024-x-1024/dall-e-3"},
		{LITELLM("azure_text", "azure/gpt-35", ONE_PRICE), "azure/gpt-35"},
		{LITELLM("bedrock", "bedrock/eu-central-1/anthropic.claude-v1", ONE_PRICE), "aws/anthropic.claude-v1@eu-central-1"},
		{LITELLM("bedrock", "bedrock/us-gov-west-1/x.y", ONE_PRICE), "aws/x.y@us-gov-west-1"},
		{LITELLM("bedrock_converse", "us.anthropic.claude-4", ONE_PRICE), "aws/anthropic.claude-4@us"},
		{LITELLM("bedrock", "bedrock/invoke/anthropic.claude-4", ONE_PRICE), "aws/anthropic.claude-4"},
		{LITELLM("gemini", "gemini/gemini-2.5-pro", ONE_PRICE), "google/gemini-2.5-pro"},
		{LITELLM("vertex_ai-language-models", "gemini-2.5-pro", ONE_PRICE), "google-vertex/gemini-2.5-pro"},
		{LITELLM("vertex_ai-llama_models", "vertex_ai/meta/llama3", ONE_PRICE), "google-vertex/meta/llama3"},
		{LITELLM("fireworks_ai-embedding-models", "fireworks_ai/a/b", ONE_PRICE), "fireworks/a/b"},
		{LITELLM("together_ai", "together_ai/a/b", ONE_PRICE), "together/a/b"},
		{LITELLM("bedrockish", "us.x", ONE_PRICE), "bedrockish/us.x"},
		{LITELLM("groq", "groq/llama", ONE_PRICE), "groq/llama"}
	};
	char		expected[200];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		snprintf(expected, sizeof(expected), "%s input 0.3 per 1000000\n", keys[i][1]);
		RowsAre(CATALOG_LITELLM, keys[i][0], expected, keys[i][1]);
	}
	RowsAre(CATALOG_LITELLM,
			LITELLM("bedrock", "bedrock/*/6-month-commitment/c", "\"input_cost_per_second\":0.01"),
			"rejected bedrock/*/6-month-commitment/c.input_cost_per_second: commitment price has no meter\n",
			"litellm: a commitment is no price per second of use");
	RowsAre(CATALOG_LITELLM, "{\"sample_spec\":{\"input_cost_per_token\":1},\"m\":{\"input_cost_per_token\":1},\"n\":[]}",
			"rejected m.input_cost_per_token: no provider\nrejected n: entry is not an object\n", "litellm: entries");
}

static void
TestLitellmFields(void)
{
	CatalogFormat f = CATALOG_LITELLM;

	RowsAre(f, OPENAI("\"input_cost_per_token\":\"3e-07\",\"output_cost_per_token\":0,\"max_tokens\":5,\"cache_read_input_token_cost\":null"),
			"openai/m input 0.3 per 1000000\nopenai/m output 0 per 1000000\n", "litellm: strings, zeros and nulls");
	RowsAre(f, OPENAI("\"input_cost_per_token_batches\":1e-6,\"input_cost_per_token_above_200k_tokens_priority\":2e-6,"
					  "\"input_cost_per_token_flex_above_272k_tokens\":3e-6,"
					  "\"cache_creation_input_token_cost_above_1hr_above_200k_tokens\":4e-6"),
			"openai/m:batch input 1 per 1000000\nopenai/m:priority input 2 per 1000000 >200000\n"
			"openai/m:flex input 3 per 1000000 >272000\nopenai/m cache_write_1h 4 per 1000000 >200000\n",
			"litellm: suffixes in any order");
	RowsAre(f, LITELLM("xai", "xai/grok", "\"input_cost_per_token_above_128k_tokens\":1e-6"),
			"x-ai/grok input 1 per 1000000 >=128000\n", "litellm: the thresholds of xAI are inclusive");
	RowsAre(f, OPENAI("\"input_cost_per_token_above_1hr\":1,\"input_cost_per_token_flex_priority\":1,\"dbu_rate\":1,"
					  "\"input_cost_per_video_per_second_above_15s_interval\":1,\"input_cost_per_pixel\":1,"
					  "\"cache_creation_input_audio_token_cost\":1,\"input_dbu_cost_per_token\":1,\"priority_pricing\":{}"),
			"rejected m.input_cost_per_token_above_1hr: price field has no meter\n"
			"rejected m.input_cost_per_token_flex_priority: price field has no meter\n"
			"rejected m.dbu_rate: price field has no meter\n"
			"rejected m.input_cost_per_video_per_second_above_15s_interval: price per second of media in the prompt has no meter\n"
			"rejected m.input_cost_per_pixel: per-pixel price has no size\n"
			"rejected m.cache_creation_input_audio_token_cost: cache write of audio has no meter\n"
			"rejected m.input_dbu_cost_per_token: price in DBU is not in a currency\n"
			"rejected m.priority_pricing: price field has no meter\n", "litellm: no price field is dropped");
	RowsAre(f, OPENAI("\"input_cost_per_second\":0.000033333333333333335"),
			"rejected m.input_cost_per_second: price finer than 1e-15 USD per unit\n", "litellm: a third is no decimal");
	RowsAre(f, OPENAI("\"mode\":\"chat\""), "rejected m: no price\n", "litellm: no price");
	RowsAre(f, LITELLM("openai", "hd/1024-x-1792/dall-e-3", "\"input_cost_per_pixel\":6.539e-08,\"output_cost_per_pixel\":0.0"),
			"openai/hd/1024-x-1792/dall-e-3 images 0.12 (rounded from 6.539e-08 a pixel)\nmerged hd/1024-x-1792/dall-e-3.output_cost_per_pixel: adds nothing to another field\n",
			"litellm: the price of a pixel, of an image whose size the name has");
	RowsAre(f, LITELLM("azure", "azure/high/1024-x-1024/g", "\"input_cost_per_pixel\":1.59263611e-07,\"input_cost_per_image\":0.167"),
			"azure/high/1024-x-1024/g images 0.167 (rounded from 1.59263611e-07 a pixel)\nmerged azure/high/1024-x-1024/g.input_cost_per_image: same charge as another field\n",
			"litellm: of the image, too");
	RowsAre(f, LITELLM("openai", "1024-x-1024/m", "\"input_cost_per_pixel\":1.9e-08"), "openai/1024-x-1024/m images 0.02 (rounded from 1.9e-08 a pixel)\n", "litellm: to one digit less than a figure has");
	RowsAre(f, LITELLM("openai", "0-x-9/99999-x-9/m/9-x-9", "\"input_cost_per_pixel\":1e-08"),
			"rejected 0-x-9/99999-x-9/m/9-x-9.input_cost_per_pixel: per-pixel price has no size\n", "litellm: what is no size");
	RowsAre(f, OPENAI("\"mode\":\"video_generation\",\"output_cost_per_second\":0.35"), "openai/m video_seconds 0.35\n", "litellm: seconds of a video");
	RowsAre(f, OPENAI("\"output_cost_per_video_per_second\":0.1,\"code_interpreter_cost_per_session\":0.03"), "openai/m video_seconds 0.1\nopenai/m container_sessions 0.03\n", "litellm: video and containers");
}

static void
TestLitellmObjects(void)
{
	CatalogFormat f = CATALOG_LITELLM;

	RowsAre(f, OPENAI("\"search_context_cost_per_query\":{\"low\":0.01,\"medium\":0.01,\"high\":0.01}"),
			"openai/m web_searches 0.01\n", "litellm: a search price that does not depend on size");
	RowsAre(f, OPENAI("\"search_context_cost_per_query\":{\"search_context_size_high\":0.05,\"search_context_size_low\":0.03,\"search_context_size_medium\":0.035}"),
			"openai/m high_context_searches 0.015 (0.05 less 0.035)\n"
			"rejected m.search_context_cost_per_query.search_context_size_low: a search of the smallest context size has no meter\n"
			"openai/m web_searches 0.035\n", "litellm: a search price that does is that of the medium size, and what a high one adds");
	RowsAre(f, LITELLM("perplexity", "perplexity/sonar", "\"search_context_cost_per_query\":{\"search_context_size_high\":0.012,\"search_context_size_low\":0.005,\"search_context_size_medium\":0.008}"),
			"perplexity/sonar high_context_searches 0.007 (0.012 less 0.005)\nperplexity/sonar requests 0.005\n"
			"perplexity/sonar medium_context_searches 0.003 (0.008 less 0.005)\n", "litellm: Perplexity's fee of a request is that of the low size");
	RowsAre(f, OPENAI("\"search_context_cost_per_query\":{\"low\":0.01,\"medium\":0.02,\"high\":0.015,\"huge\":1}"),
			"rejected m.search_context_cost_per_query.low: a search of the smallest context size has no meter\n"
			"openai/m web_searches 0.02\n"
			"rejected m.search_context_cost_per_query.high: price is below that which it is compared with\n"
			"rejected m.search_context_cost_per_query.huge: price has an unknown shape\n", "litellm: sizes that make no sense");
	RowsAre(f, OPENAI("\"search_context_cost_per_query\":{\"low\":0.01,\"high\":0.02}"),
			"rejected m.search_context_cost_per_query: price has an unknown shape\n", "litellm: sizes without the usual one");
	RowsAre(f, OPENAI("\"search_context_cost_per_query\":{}"), "rejected m.search_context_cost_per_query: no price\n", "litellm: no size");
	RowsAre(f, OPENAI("\"provider_specific_entry\":{\"fast\":6.0,\"us\":1.1,\"thinking\":2},"
					  "\"regional_processing_uplift_multiplier_eu\":1.1"),
			"openai/m:fast * x6\nopenai/m@us * x1.1\n"
			"rejected m.provider_specific_entry.thinking: multiplier is of neither a region nor a service tier\n"
			"openai/m@eu * x1.1\n", "litellm: multipliers");
	RowsAre(f, OPENAI("\"tiered_pricing\":[{\"range\":[0,32000],\"input_cost_per_token\":1e-6},"
					  "{\"range\":[32000,128000],\"input_cost_per_token\":2e-6},{\"output_cost_per_token\":1}]"),
			"openai/m input 1 per 1000000\nopenai/m input 2 per 1000000 >32000\n"
			"rejected m.tiered_pricing[2].output_cost_per_token: price has an unknown shape\n", "litellm: tiered pricing");
}

#define OFF_PEAK(rule) OPENAI("\"off_peak_pricing\":{" rule ",\"input_cost_per_token\":1e-6}")
#define OFF_PEAK_IN(windows) "openai/m input 1 per 1000000 in {\"timezone\": \"UTC\", \"windows\": [" windows "]}\n"
#define OFF_PEAK_NOT "rejected m.off_peak_pricing.input_cost_per_token: "

static void
TestLitellmOffPeak(void)
{
	CatalogFormat f = CATALOG_LITELLM;

	RowsAre(f, OFF_PEAK("\"hours_utc\":\"16:30-00:30\""),
			OFF_PEAK_IN("{" ALL_DAYS ", \"from\": \"00:00\", \"to\": \"00:30\"}, "
						"{" ALL_DAYS ", \"from\": \"16:30\", \"to\": \"24:00\"}"), "litellm: off-peak hours past midnight");
	RowsAre(f, OFF_PEAK("\"hours_utc\":[\"00:00-01:00\",\"10:00-00:00\"],\"weekdays\":[1,\"Tue\",\"wednesday\"]"),
			OFF_PEAK_IN("{\"days\": [1, 2, 3], \"from\": \"00:00\", \"to\": \"01:00\"}, "
						"{\"days\": [1, 2, 3], \"from\": \"10:00\", \"to\": \"24:00\"}"), "litellm: weekdays");
	RowsAre(f, OFF_PEAK("\"windows\":[{\"hours_utc\":\"05:00-05:00\",\"weekdays\":[6,7]}]"),
			OFF_PEAK_IN("{\"days\": [6, 7], \"from\": \"00:00\", \"to\": \"24:00\"}"), "litellm: equal hours are all day");
	RowsAre(f, OFF_PEAK("\"hours_utc\":\"16:00-17:00\",\"weekdays\":[6],\"weekday_timezone\":\"Asia/Shanghai\""),
			OFF_PEAK_NOT "weekdays and hours are in different time zones\n", "litellm: two time zones");
	RowsAre(f, OFF_PEAK("\"hours_utc\":\"night\""), OFF_PEAK_NOT "time window is not valid\n", "litellm: no hours");
	RowsAre(f, OFF_PEAK("\"windows\":[{\"hours_utc\":\"01:00-02:00\",\"weekdays\":[8]}]"),
			OFF_PEAK_NOT "time window is not valid\n", "litellm: no such weekday");
}

static void
TestLitellmDuplicates(void)
{
	CatalogFormat f = CATALOG_LITELLM;

	RowsAre(f, OPENAI("\"input_cost_per_second\":0.0001,\"output_cost_per_second\":0.0001"),
			"openai/m seconds 0.0001\nmerged m.output_cost_per_second: same charge as another field\n",
			"litellm: one charge in two fields");
	RowsAre(f, OPENAI("\"output_cost_per_second\":0.0,\"input_cost_per_second\":0.0001"),
			"merged m.output_cost_per_second: adds nothing to another field\nopenai/m seconds 0.0001\n",
			"litellm: a charge on one side");
	RowsAre(f, OPENAI("\"input_cost_per_character\":1e-6,\"output_cost_per_character\":2e-6"),
			"rejected m.input_cost_per_character: two prices for one meter\n"
			"rejected m.output_cost_per_character: two prices for one meter\n", "litellm: two charges");
	RowsAre(f, OPENAI("\"input_cost_per_token_cache_hit\":0,\"cache_read_input_token_cost\":1e-6"),
			"rejected m.input_cost_per_token_cache_hit: two prices for one meter\n"
			"rejected m.cache_read_input_token_cost: two prices for one meter\n",
			"litellm: a token price and 0 contradict each other");
	RowsAre(f, "{\"m\":{\"litellm_provider\":\"openai\"," ONE_PRICE "},"
			"\"openai/m\":{\"litellm_provider\":\"openai\",\"input_cost_per_token\":\"0.00000030\",\"output_cost_per_token\":1e-6},"
			"\"text\":{\"litellm_provider\":\"openai\"," ONE_PRICE "},"
			"\"openai/text\":{\"litellm_provider\":\"text-completion-openai\",\"input_cost_per_token\":1e-6}}",
			"openai/m input 0.3 per 1000000\nmerged openai/m.input_cost_per_token: same as another entry\n"
			"openai/m output 1 per 1000000\nopenai/text input 0.3 per 1000000\n"
			"rejected openai/text.input_cost_per_token: duplicate of another entry\n", "litellm: one model under two keys");
}

#define MODELS_DEV(provider, cost) "{\"" provider "\":{\"models\":{\"m\":{\"cost\":" cost "}}}}"

static void
TestModelsDev(void)
{
	CatalogFormat f = CATALOG_MODELS_DEV;

	RowsAre(f, MODELS_DEV("openai", "{\"input\":2,\"output\":8.5,\"cache_read\":0.2,\"cache_write\":2.5,\"reasoning\":9,\"input_audio\":1,\"output_audio\":0}"),
			"openai/m input 2 per 1000000\nopenai/m output 8.5 per 1000000\nopenai/m cache_read 0.2 per 1000000\nopenai/m cache_write 2.5 per 1000000\n"
			"openai/m reasoning 9 per 1000000\nopenai/m input_audio 1 per 1000000\nopenai/m output_audio 0 per 1000000\n", "models.dev: every meter, and 0 is free");
	RowsAre(f, MODELS_DEV("xai", "{\"input\":2,\"tiers\":[{\"input\":4,\"tier\":{\"size\":272000}},{\"input\":5,\"tier\":{\"type\":\"context\",\"size\":400000}},{\"input\":6,\"tier\":{\"type\":\"hours\",\"size\":1}}]}"),
			"x-ai/m input 2 per 1000000\nx-ai/m input 4 per 1000000 >=272000\nx-ai/m input 5 per 1000000 >=400000\n"
			"rejected xai.m.tiers[2].input: price has an unknown shape\n", "models.dev: tiers are of the context, whether they say so or nothing");
	RowsAre(f, MODELS_DEV("openai", "{\"input\":2,\"context_over_200k\":{\"input\":4}}"),
			"openai/m input 2 per 1000000\nopenai/m input 4 per 1000000 >200000\n", "models.dev: one tier as it once was written");
	RowsAre(f, MODELS_DEV("openai", "{\"input\":2,\"tiers\":[{\"input\":4,\"tier\":{\"size\":272000}}],\"context_over_200k\":{\"input\":4}}"),
			"openai/m input 2 per 1000000\nopenai/m input 4 per 1000000 >272000\nmerged openai.m.context_over_200k.input: same charge as in \"tiers\"\n",
			"models.dev: beside tiers that is a copy, whose size is not 200,000");
	RowsAre(f, MODELS_DEV("amazon-bedrock", "{\"cached_input\":1,\"input\":\"x\",\"tiers\":[3]}"),
			"rejected amazon-bedrock.m.cached_input: price field has no meter\nrejected amazon-bedrock.m.input: price is not an exact decimal\n"
			"rejected amazon-bedrock.m.tiers[0]: entry is not an object\n", "models.dev: what has no meter or no figure");
	RowsAre(f, "{\"amazon-bedrock\":{\"models\":{\"us.a.m\":{\"cost\":{\"input\":1}},\"us.\":{\"cost\":{\"input\":1}}}},\"novita-ai\":{\"models\":{\"m\":{}}}}",
			"aws/a.m@us input 1 per 1000000\naws/us. input 1 per 1000000\nrejected novita-ai.m: no price\n", "models.dev: regions, and models without a cost");
	RowsAre(f, MODELS_DEV("zai-coding-plan", "{\"input\":0}"), "rejected zai-coding-plan.m.input: price of a subscription is not per token\n", "models.dev: subscriptions");
	RowsAre(f, "{\"a\":{}}", "error: The text is no catalog of models.dev: it is not an object of providers that have \"models\".\n", "models.dev: another object");
}

#define PI_AI(provider, member, model) "{\"" provider "\":{\"some-api\":{\"" member "\":" model "}}}"

static void
TestPiAi(void)
{
	CatalogFormat f = CATALOG_PI_AI;

	RowsAre(f, PI_AI("openai", "chat:m", "{\"id\":\"m\",\"type\":\"chat\",\"cost\":{\"input\":5,\"output\":25,\"cacheRead\":0.5,\"cacheWrite\":0}}"),
			"openai/m input 5 per 1000000\nopenai/m output 25 per 1000000\nopenai/m cache_read 0.5 per 1000000\n"
			"rejected openai.chat:m.cacheWrite: 0 stands for an unknown price\n", "pi-ai: prices, of which 0 is none");
	RowsAre(f, PI_AI("xai", "m", "{\"id\":\"m\",\"cost\":{\"input\":2,\"tiers\":[{\"inputTokensAbove\":200000,\"input\":4,\"cacheRead\":1},{\"input\":5}]}}"),
			"x-ai/m input 2 per 1000000\nx-ai/m input 4 per 1000000 >=200000\nx-ai/m cache_read 1 per 1000000 >=200000\n"
			"rejected xai.m.tiers[1].input: price has an unknown shape\n", "pi-ai: context tiers");
	RowsAre(f, PI_AI("amazon-bedrock", "m", "{\"id\":\"eu.a.m\",\"cost\":{\"input\":1}}"), "aws/a.m@eu input 1 per 1000000\n", "pi-ai: a region in the id");
	RowsAre(f, PI_AI("openai", "image:m", "{\"id\":\"m\",\"type\":\"image\",\"cost\":{\"input\":1}}"),
			"rejected openai.image:m.input: price of another use of the model\n", "pi-ai: prices of another use");
	RowsAre(f, PI_AI("openai-codex", "m", "{\"id\":\"m\",\"cost\":{\"input\":1}}"), "rejected openai-codex.m.input: price of a subscription is not per token\n", "pi-ai: subscriptions");
	RowsAre(f, PI_AI("openai", "m", "{\"cost\":{\"input\":1}}"), "rejected openai.m: no model\n", "pi-ai: no id");
	RowsAre(f, PI_AI("openai", "m", "{\"id\":\"m\",\"cost\":{}}"), "rejected openai.m: no price\n", "pi-ai: no price");
	RowsAre(f, MODELS_DEV("openai", "{\"input\":1}"), "error: The text is no catalog of pi-ai: it is not an object of providers, each an object of APIs.\n", "pi-ai: a catalog of models.dev");
}

/* Broken catalogs: any outcome but a crash, a leak or a read past the end. */
static void
TestMutations(void)
{
	static const char *const seeds[] = {
		NATIVE("\"usd\":{\"input\":\"2.5\",\"output\":{\"usd\":1,\"per\":10}},\"valid_from\":\"2026-01-01T00:00Z\","
			   "\"time_windows\":{\"timezone\":\"UTC\",\"windows\":[{\"days\":[1],\"from\":\"22:00\",\"to\":\"06:00\"}]}"),
		GENAI("[{\"prices\":{\"input_mtok\":{\"base\":5,\"tiers\":[{\"start\":9,\"price\":1}]}}},"
			  "{\"constraint\":{\"start_date\":\"1970-01-02\"},\"prices\":{\"input_mtok\":5}},"
			  "{\"constraint\":{\"start_time\":\"00:30:00Z\",\"end_time\":\"16:30:00Z\"},\"prices\":{\"input_mtok\":2}}]"),
		OPENAI("\"input_cost_per_token_flex_above_272k_tokens\":3e-6,\"provider_specific_entry\":{\"us\":1.1},"
			   "\"tiered_pricing\":[{\"range\":[0,1],\"input_cost_per_token\":1}],\"input_cost_per_second\":1,"
			   "\"output_cost_per_second\":1,\"off_peak_pricing\":{\"hours_utc\":[\"10:00-00:00\"],\"weekdays\":[\"mon\"],\"input_cost_per_token\":1},"
			   "\"search_context_cost_per_query\":{\"low\":1,\"medium\":2,\"high\":3}"),
		MODELS_DEV("amazon-bedrock", "{\"input\":2,\"tiers\":[{\"input\":4,\"tier\":{\"size\":272000}}],\"context_over_200k\":{\"input\":4}}"),
		PI_AI("xai", "chat:m", "{\"id\":\"us.m\",\"type\":\"chat\",\"cost\":{\"input\":2,\"tiers\":[{\"inputTokensAbove\":200000,\"input\":4}]}}")
	};
	static const char alphabet[] = "{}[]\",:\\0159.-eutn ";
	uint64_t	state = 20261120;
	size_t		read = 0;

	for (int i = 0; i < MUTATIONS; i++)
	{
		CatalogFormat format = (CatalogFormat) (i % (sizeof(seeds) / sizeof(seeds[0])));
		char	   *json = strdup(seeds[format]);
		size_t		length = strlen(json);
		Catalog		catalog;

		for (int change = 0; change < 1 + i % 4; change++)
		{
			state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			json[(state >> 33) % length] = alphabet[(state >> 20) % (sizeof(alphabet) - 1)];
		}
		read += CatalogParse(json, length, format, Never, &catalog) == CATALOG_OK;
		CatalogFree(&catalog);
		free(json);
	}
	Ok(read > 0 && read < MUTATIONS, "broken catalogs do no harm, some are still read");
}

int
main(void)
{
	TestNativePrices();
	TestNativeRejects();
	TestNativeOthers();
	TestTimes();
	TestWindows();
	TestMalformed();
	TestGenai();
	TestGenaiConditions();
	TestGenaiFigures();
	TestGenaiNames();
	TestLitellmKeys();
	TestLitellmFields();
	TestLitellmObjects();
	TestLitellmOffPeak();
	TestLitellmDuplicates();
	TestModelsDev();
	TestPiAi();
	TestMutations();
	return Done();
}
