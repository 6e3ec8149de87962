/* linux_question.h - the questions that are put to device nodes: their names, and where their
 * answers lie in memory. A question that is not known here cannot be recorded. */
#ifndef ALGALON_DEVICE_LINUX_QUESTION_H
#define ALGALON_DEVICE_LINUX_QUESTION_H

#include "base/base.h"

#define QUESTION_NAME 112

enum question_kind {
    QUESTION_UNKNOWN,
    QUESTION_ANSWERED, /* by the call itself */
    QUESTION_SENT,     /* its answer is fetched by a later call */
    QUESTION_FETCH
};

/* The name of what `request` with `argument` asks; "" for a fetch. */
enum question_kind question_name(unsigned long request, const void *argument,
                                 char name[QUESTION_NAME]);

/** After a call that went well: the answer, in the asker's memory. False when it holds none (only
 * its size was asked for), or one that is worth nothing. */
bool question_answer(unsigned long request, const void *argument, struct str *ret);

/** After a call that went well: 0, or the negative errno that stands in the answer itself. */
int question_code(unsigned long request, const void *argument);

/** Answers as the kernel would, with `bytes`. Errors: -EINVAL the asker's memory is of another
 * size. */
int question_give(unsigned long request, void *argument, struct str bytes);

/** Of a question that is sent, and of an answer that is fetched: the number that both have. */
long question_number(unsigned long request, const void *argument);
void question_set_number(void *argument, long number);

#endif
