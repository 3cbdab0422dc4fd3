// Walks every interview by the generic rule, on views: at each question another answer than last time, until every answer
// of every question was tapped once or the walks are used up.
package org.xunge.shell

class Walk(private val shell: Shell, private val seen: (String) -> Unit) {
    private val used = HashMap<String, Int>()
    private val looked = HashSet<String>()
    val screens get() = looked.size

    /** From the first question to the review, `walks` times; `begin` opens the first question. */
    fun all(form: String, walks: Int, begin: () -> Unit) {
        repeat(walks) { number ->
            begin()
            one(form, last = number == walks - 1)
        }
    }

    /** From the question that is open to the saved record. */
    fun rest(form: String) = one(form, last = true)

    private fun one(form: String, last: Boolean) {
        repeat(LONGEST) {
            val (interview, step) = shell.app.steps.entries.singleOrNull() ?: error("no interview is open on:\n${shell.words()}")
            val question = step.question
            val name = "$form-${question?.id ?: "review"}"
            if (looked.add(name)) seen(name)
            if (question == null) return finish(last)
            answer(question, name, "$form/${question.id}")
            check(shell.app.steps[interview] !== step) { "$name does not go on, on:\n${shell.words()}" }
        }
        error("$form does not end")
    }

    private fun finish(last: Boolean) {
        if (last) {
            shell.tap("save")
        } else {
            shell.tap("discard")
        }
    }

    private fun answer(question: Question, name: String, key: String) {
        val options = options(question)
        val option = options.minBy { used["$key=$it"] ?: 0 }
        used.merge("$key=$option", 1, Int::plus)
        if (option == SKIP) return shell.tap("skip")
        val filled = { if (looked.add("$name-filled")) seen("$name-filled") }
        when (question.kind) {
            "choice", "household", "person", "yes_no" -> shell.tap("choice", option)
            "choices" -> {
                // What is proposed is unmarked, so that this answer alone counts.
                for (code in codesOf(question.value)) if (code != option) shell.tap("choice", code)
                if (option !in codesOf(question.value)) shell.tap("choice", option)
                filled()
                shell.tap("next")
            }
            "number" -> {
                shell.tap("key_3")
                filled()
                shell.tap("next")
            }
            "text" -> {
                shell.type("村口石桥边")
                shell.tap("next")
            }
            "voice" -> {
                shell.tap("record")
                shell.tap("record")
                filled()
                shell.tap("next")
            }
            "photo" -> {
                shell.photograph("photo")
                filled()
                shell.tap("next")
            }
            "signature" -> {
                shell.sign()
                filled()
                shell.tap("next")
            }
            else -> shell.tap("next")
        }
    }

    private fun options(question: Question): List<String> {
        val own = when (question.kind) {
            "choice", "choices" -> question.choices.orEmpty().map { it.code }
            "household", "person" -> question.choices.orEmpty().map { it.code }.take(2)
            "yes_no" -> listOf("yes", "no")
            else -> listOf("filled")
        }
        return if (question.optional) own + SKIP else own
    }

    private companion object {
        const val SKIP = "skip"
        const val LONGEST = 60
    }
}
