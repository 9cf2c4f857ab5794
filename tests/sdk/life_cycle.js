"use strict";
// The providers' own clients against the simulator: every Huawei operation, and the whole life of an Alibaba account once
// per client and signature that Alibaba ships. The product packages are thin: the cores here sign, encode and read answers.
//   node life_cycle.js PORT ACCESS_KEY SECRET_KEY        (NODE_PATH: where npm put the packages)
const assert = require("node:assert");
const { ClientBuilder } = require("@huaweicloud/huaweicloud-sdk-core/ClientBuilder");
const { BasicCredentials } = require("@huaweicloud/huaweicloud-sdk-core");
const OpenClient = require("@alicloud/openapi-client");
const OpenCore = require("@alicloud/openapi-core");
const Util = require("@alicloud/tea-util");
const { RPCClient } = require("@alicloud/pop-core");

const [port, accessKey, secretKey] = process.argv.slice(2);
const host = "127.0.0.1:" + port;

function huawei(secret) {
	const credential = new BasicCredentials().withAk(accessKey).withSk(secret).withProjectId("p-sdk");
	const client = new ClientBuilder((c) => c).withEndpoint("http://" + host).withCredential(credential).build();
	return (method, tail, data, queryParams = {}) => client.sendRequest({
		method, url: "/v5/{project_id}/p2c-vpn-gateways/vpn-servers/{vpn_server_id}" + tail,
		contentType: "application/json", queryParams, pathParams: { vpn_server_id: "s-sdk" }, headers: {}, data });
}

async function refused(promise, words) {
	await assert.rejects(promise, (e) => {
		const text = [e.code, e.errorCode, e.errorMsg, e.message].join(" ");
		assert.match(text, words);
		return true;
	});
}

async function huaweiUsers(call) {
	const { user } = await call("POST", "/users", { user: { name: "ada.l", password: "Abcd_1234", description: "研发部_1" } });
	const one = await call("GET", "/users/" + user.id);
	assert.strictEqual(one.user.name, "ada.l");
	assert.strictEqual(one.user.description, "研发部_1");
	await call("PUT", "/users/" + user.id, { user: { description: "" } });
	await call("POST", `/users/${user.id}/reset-password`, { new_password: "N3w-pass word" });
	await call("PUT", `/users/${user.id}/password`, { old_password: "N3w-pass word", new_password: "Other pass 7" });
	const names = ["u001", "u002", "u003", "u004"];
	const made = await call("POST", "/users/batch-create", { users: names.map((name) => ({ name, password: "q\"\\/<>&'%7" })) });
	assert.deepStrictEqual(made.invalid_users || [], []);
	const twice = await call("POST", "/users/batch-create", { users: [{ name: "u001", password: "Abcd_1234" }] });
	assert.strictEqual(twice.invalid_users.length, 1);
	return user.id;
}

// Pages of 50: the marker is a time of creation, and a page border inside a batch loses users, here as at the provider.
async function huaweiPages(call) {
	const seen = [];
	let marker;
	do {
		const page = await call("GET", "/users", undefined, marker ? { limit: 50, marker } : { limit: 50 });
		assert.strictEqual(page.page_info.current_count, page.users.length);
		seen.push(...page.users);
		marker = page.page_info.next_marker;
	} while (marker && seen.length < 50);
	return new Map(seen.map((u) => [u.name, u.id]));
}

async function huaweiGroups(call, ids) {
	const { user_group: group } = await call("POST", "/groups", { user_group: { name: "crew", description: "G 1" } });
	assert.strictEqual((await call("GET", "/groups/" + group.id)).user_group.name, "crew");
	await call("PUT", "/groups/" + group.id, { user_group: { name: "crew2" } });
	assert.ok((await call("GET", "/groups", undefined, { limit: 20 })).user_groups.some((g) => g.name === "crew2"));
	const users = [...ids.values()].slice(0, 2).map((id) => ({ id }));
	await call("POST", `/groups/${group.id}/add-users`, { users });
	assert.strictEqual((await call("GET", `/groups/${group.id}/users`, undefined, { limit: 5 })).total_count, 2);
	await call("POST", `/groups/${group.id}/remove-users`, { users });
	assert.strictEqual((await call("GET", `/groups/${group.id}/users`, undefined, { limit: 5 })).total_count, 0);
	await call("DELETE", "/groups/" + group.id);
}

async function huaweiLife() {
	const call = huawei(secretKey);
	const first = await huaweiUsers(call);
	const ids = await huaweiPages(call);
	assert.strictEqual(ids.size, 5);
	await huaweiGroups(call, ids);
	await call("DELETE", "/users/" + first);
	ids.delete("ada.l");
	await call("POST", "/users/batch-delete", { users: [...ids.values()].map((id) => ({ id })) });
	assert.strictEqual((await call("GET", "/users", undefined, { limit: 50 })).total_count, 0);
	await refused(call("GET", "/users/" + first), /VPN\.0004/);
	await refused(huawei("wrong")("GET", "/users", undefined, { limit: 1 }), /APIGW?\.0301/);
	console.log("huawei: 17 operations");
}

const VERSION = "2018-03-13";

function openapiClient(signatureAlgorithm, reqBodyType) {
	return (secret) => {
		const client = new OpenClient.default(new OpenClient.Config({
			accessKeyId: accessKey, accessKeySecret: secret, endpoint: host, protocol: "http", signatureAlgorithm }));
		return async (action, parameters) => {
			const params = new OpenClient.Params({ action, version: VERSION, protocol: "HTTP", pathname: "/", method: "POST",
				authType: "AK", style: "RPC", reqBodyType, bodyType: "json" });
			const request = new OpenClient.OpenApiRequest(reqBodyType === "formData" ? { body: parameters } : { query: parameters });
			return (await client.callApi(params, request, new Util.RuntimeOptions({}))).body;
		};
	};
}

function openapiCore(method) {
	const { Config, Params, OpenApiRequest } = OpenCore.$OpenApiUtil;
	return (secret) => {
		const client = new OpenCore.default(new Config({
			accessKeyId: accessKey, accessKeySecret: secret, endpoint: host, protocol: "http" }));
		return async (action, query) => {
			const params = new Params({ action, version: VERSION, protocol: "HTTP", pathname: "/", method, authType: "AK",
				style: "RPC", reqBodyType: "json", bodyType: "json" });
			return (await client.callApi(params, new OpenApiRequest({ query }), {})).body;
		};
	};
}

function popCore(method) {
	return (secret) => {
		const client = new RPCClient({ accessKeyId: accessKey, accessKeySecret: secret, endpoint: "http://" + host, apiVersion: VERSION });
		return (action, parameters) => client.request(action, parameters, { method });
	};
}

async function alibabaLife(name, connect) {
	const instance = { RegionId: "cn-shanghai", SmartAGId: "sag-" + name.toLowerCase().replace(/[^a-z0-9]/g, "") };
	const raw = connect(secretKey);
	const call = (action, parameters = {}) => raw(action, { ...instance, ...parameters });
	const user = { UserName: "zoe_1@x.test" };
	const made = await call("CreateSmartAccessGatewayClientUser",
		{ ...user, Password: "Abc-1234@x", UserMail: "zoe.1@x.test", Bandwidth: 2000 });
	assert.strictEqual(made.UserName, user.UserName);
	await call("CreateSmartAccessGatewayClientUser", { UserMail: "bo@example.com", Bandwidth: 40 });
	await refused(call("CreateSmartAccessGatewayClientUser", { UserMail: "bo@example.com", Bandwidth: 40 }), /ClientUser\.UserExist/);
	const find = async (UserName) => (await call("DescribeSmartAccessGatewayClientUsers", { UserName, PageSize: 100 })).Users.User;
	assert.strictEqual((await call("DescribeSmartAccessGatewayClientUsers", { PageSize: 100 })).TotalCount, 2);
	await call("ModifySmartAccessGatewayClientUser", { ...user, Bandwidth: 1000, Email: "zoe@x.test" });
	assert.strictEqual((await find(user.UserName))[0].UserMail, "zoe@x.test");
	await call("DisableSmartAccessGatewayUser", user);
	assert.strictEqual((await find(user.UserName))[0].State, 1);
	await call("EnableSmartAccessGatewayUser", user);
	assert.strictEqual((await find(user.UserName))[0].State, 0);
	await call("ResetSmartAccessGatewayClientUserPassword", { ...user, Password: "Xyz-98765@y" });
	assert.ok((await call("DescribeSmartAccessGateways")).TotalCount >= 1);
	await call("DeleteSmartAccessGatewayClientUser", user);
	assert.strictEqual((await find(user.UserName)).length, 0);
	await refused(connect("wrong")("DescribeSmartAccessGatewayClientUsers", instance), /SignatureDoesNotMatch/);
	console.log("alibaba by " + name);
}

async function main() {
	await huaweiLife();
	await alibabaLife("openapi-client V3 form", openapiClient(undefined, "formData"));
	await alibabaLife("openapi-client V3 query", openapiClient(undefined, "json"));
	await alibabaLife("openapi-client V1 form", openapiClient("v2", "formData"));
	await alibabaLife("openapi-core V3 POST", openapiCore("POST"));
	await alibabaLife("openapi-core V3 GET", openapiCore("GET"));
	await alibabaLife("pop-core V1 POST", popCore("POST"));
	await alibabaLife("pop-core V1 GET", popCore("GET"));
}

main().catch((e) => {
	console.error(e);
	process.exit(1);
});
