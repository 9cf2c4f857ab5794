#include "engine/source/simd.h"
#include <stdatomic.h>

static atomic_int limit = RC_SIMD_LEVELS - 1;

static enum rc_simd best(void)
{
#ifdef RC_X86
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("popcnt"))
		return RC_SIMD_PORTABLE;
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return RC_SIMD_AVX512;
	return RC_SIMD_AVX2;
#else
	return RC_SIMD_PORTABLE;
#endif
}

enum rc_simd rc_simd_level(void)
{
	enum rc_simd most = (enum rc_simd)atomic_load_explicit(&limit, memory_order_relaxed), have = best();

	return have < most ? have : most;
}

void rc_simd_limit(enum rc_simd level)
{
	atomic_store(&limit, (int)level);
}
