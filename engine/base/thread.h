/* engine/base/thread.h - a thread that shares the caller's work for a while. */
#ifndef RC_THREAD_H
#define RC_THREAD_H
#include <pthread.h>
#include <stdbool.h>

/* Starts fn(arg); false: there is no thread to be had, and the caller does the work itself. The thread takes no signals
 * but those that memory raises in it. Where the process may use two processors, the thread keeps off the one that the
 * caller is on: they are to work at the same time, and a system that saves processors would first put both on one. */
bool rc_thread_beside(pthread_t *ret, void *(*fn)(void *arg), void *arg);

#endif
