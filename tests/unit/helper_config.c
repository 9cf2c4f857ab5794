#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "engine/config/json.h"
#include "tests/unit/helper_config.h"

static const char good[] =
	"{ \"version\": 1,\n"
	"  \"state\": \"state\", \"reports\": \"/var/reports\", // comment\n"
	"  \"sources\": [ { \"files\": [\"hr/*.csv.gz\"], \"key\": \"employee_id\", \"where\": \"status == 'active'\" "
	"} ],\n"
	"  \"targets\": {\n"
	"    \"vpn\": { \"connector\": \"huawei-p2c-vpn\", \"endpoint\": \"https://vpn.example.com/\", \"project_id\": "
	"\"p\",\n"
	"      \"vpn_server_id\": \"v\",\n"
	"      \"auth\": { \"method\": \"aksk\", \"access_key\": { \"env\": \"AK\" }, \"secret_key\": { \"file\": "
	"\"sk\" } },\n"
	"      \"account\": { \"name\": \"lower(user_name)\", \"description\": \"clean(department, 64)\",\n"
	"                   \"password\": { \"generate\": { \"length\": 20 } } },\n"
	"      \"create_groups\": true, \"missing\": { \"action\": \"delete\" } },\n"
	"    \"sag\": { \"connector\": \"alibaba-sag-app\", \"endpoint\": "
	"\"https://smartag.cn-shanghai.aliyuncs.com\",\n"
	"      \"region_id\": \"cn-shanghai\", \"smart_ag_id\": \"sag-1\",\n"
	"      \"auth\": { \"method\": \"aksk\", \"access_key\": { \"env\": \"AK2\" }, \"secret_key\": { "
	"\"credential\": \"c\" } },\n"
	"      \"account\": { \"UserMail\": \"email\", \"Bandwidth\": 2000 } } },\n"
	"  \"credentials\": { \"seal_to\": [\"ops.crt.pem\"], \"file\": \"credentials\" } }\n";

cJSON *config_json(const char *text)
{
	struct rc_err err = {0};
	cJSON *v = NULL;

	if (rc_json_parse("test", rc_slice_str(text), true, &v, &err))
		fail_msg("%s: %s", text, err.what);
	return v;
}

struct rc_config *config_load(const char *patch, struct rc_config_errors *errs, struct rc_err *err)
{
	cJSON *base = config_json(good), *over = config_json(patch), *merged = rc_json_merge(base, over);
	struct rc_config *c = NULL;
	struct rc_buf b = {0};

	rc_json_write(merged, false, 0, &b);
	rc_config_parse(rc_buf_slice(&b), "/", &c, errs, err);
	rc_buf_done(&b);
	cJSON_Delete(base);
	cJSON_Delete(over);
	cJSON_Delete(merged);
	return c;
}

struct rc_config *config_must(const char *patch)
{
	struct rc_config_errors errs = {0};
	struct rc_err err = {0};
	struct rc_config *c = config_load(patch, &errs, &err);

	if (!c)
		fail_msg("%s: %s", patch, err.what);
	rc_config_errors_done(&errs);
	return c;
}
