/* t/unit/t0100-reader-writer.c: neither can pass its end, and both say so once. */
#include "poller/base/reader.h"
#include "poller/base/writer.h"
#include "tap.h"

static void test_reader(void)
{
	static const uint8_t octets[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
	struct rd r = rd_over(octets, sizeof(octets)), part;

	is_int(rd_u8(&r), 1, "an octet");
	is_u64(rd_u32le(&r), 0x05040302, "32 bits, the least octet first");
	part = rd_sub(&r, 2);
	ok(rd_left(&part) == 2 && rd_u8(&part) == 6 && rd_left(&r) == 7, "a part is passed and read apart");
	ok(rd_u8(&part) == 7 && rd_ok(&part), "... to its end");
	ok(rd_u8(&part) == 0 && !rd_ok(&part) && rd_ok(&r), "... and not beyond");
	is_u64(rd_u64le(&r), 0, "64 bits when there are 56: 0");
	ok(!rd_ok(&r) && rd_left(&r) == 0 && rd_u8(&r) == 0 && rd_take(&r, 0) == NULL, "a failed reader yields nothing more");
	r = rd_over(octets, 4);
	part = rd_sub(&r, 5);
	ok(!rd_ok(&r) && !rd_ok(&part) && rd_u32le(&part) == 0, "a part that is not there is a failed reader");
	r = rd_over(octets, 4);
	ok(rd_take(&r, SIZE_MAX) == NULL && !rd_ok(&r), "a length near the end of all lengths does not wrap");
}

static void test_writer(void)
{
	uint8_t buf[16] = { 0 };
	struct wr w = wr_over(buf, 13);

	wr_u8(&w, 0xaa);
	wr_u32le(&w, 0x04030201);
	wr_u64le(&w, UINT64_C(0x0807060504030201));
	ok(wr_ok(&w) && w.len == 13, "what fits is written");
	ok(memcmp(buf, "\xaa\1\2\3\4\1\2\3\4\5\6\7\10", 13) == 0, "... the least octet first");
	wr_u8(&w, 0xbb);
	ok(!wr_ok(&w) && w.len == 13 && buf[13] == 0, "what does not is not");
	w = wr_over(buf, 4);
	wr_bytes(&w, "abcde", 5);
	wr_u8(&w, 1);
	ok(!wr_ok(&w) && w.len == 0, "after a failure nothing more is written");
	w = wr_over(buf, 4);
	ok(wr_room(&w, SIZE_MAX) == NULL && !wr_ok(&w), "a room of all lengths is refused");
}

int main(void)
{
	plan(14);
	test_reader();
	test_writer();
	return done();
}
