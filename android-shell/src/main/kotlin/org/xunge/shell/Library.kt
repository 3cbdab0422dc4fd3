// The one file that knows the generated bindings: names for what crosses the border, and the phone of this process.
package org.xunge.shell

import java.io.File

typealias Answer = uniffi.xunge.Answer
typealias BundleExport = uniffi.xunge.BundleExport
typealias BundleImport = uniffi.xunge.BundleImport
typealias Choice = uniffi.xunge.Choice
typealias Enrolled = uniffi.xunge.Enrolled
typealias Failure = uniffi.xunge.ApiException.Failed
typealias Home = uniffi.xunge.Home
typealias KeyStore = uniffi.xunge.KeyStore
typealias KeyStoreFailure = uniffi.xunge.KeyStoreException.Failed
typealias Line = uniffi.xunge.Line
typealias NextVisit = uniffi.xunge.NextVisit
typealias Notice = uniffi.xunge.Notice
typealias NoticeKind = uniffi.xunge.NoticeKind
typealias Phone = uniffi.xunge.Phone
typealias Progress = uniffi.xunge.Progress
typealias Question = uniffi.xunge.Question
typealias RecordSummary = uniffi.xunge.RecordSummary
typealias RecordView = uniffi.xunge.RecordView
typealias SearchHit = uniffi.xunge.SearchHit
typealias SpeechPart = uniffi.xunge.SpeechPart
typealias Started = uniffi.xunge.Started
typealias Step = uniffi.xunge.Step
typealias SyncReport = uniffi.xunge.SyncReport
typealias WorkerCard = uniffi.xunge.WorkerCard

/** What any call of the library may end with beside [Failure], were there a fault in it or in its bindings. */
fun isFault(thrown: Throwable): Boolean = thrown !is Failure && (thrown is Exception || thrown is LinkageError)

fun flag(value: Boolean): Answer = uniffi.xunge.Answer.Flag(value)

fun number(value: Double): Answer = uniffi.xunge.Answer.Number(value)

fun text(value: String): Answer = uniffi.xunge.Answer.Text(value)

fun list(value: List<String>): Answer = uniffi.xunge.Answer.Codes(value)

/** The codes of an answer, whether it is one or several. */
fun codesOf(answer: Answer?): List<String> = when (answer) {
    is uniffi.xunge.Answer.Text -> listOf(answer.v1)
    is uniffi.xunge.Answer.Codes -> answer.v1
    else -> emptyList()
}

fun textOf(answer: Answer?): String? = (answer as? uniffi.xunge.Answer.Text)?.v1

fun numberOf(answer: Answer?): Double? = (answer as? uniffi.xunge.Answer.Number)?.v1

fun flagOf(answer: Answer?): Boolean? = (answer as? uniffi.xunge.Answer.Flag)?.v1

fun phoneIn(folder: File, keys: KeyStore): Phone = uniffi.xunge.Phone(folder.path, keys)

fun recordsOf(phone: Phone, kind: String? = null, state: String? = null, after: String? = null, limit: Int? = null): List<RecordSummary> =
    phone.records(uniffi.xunge.RecordFilter(kind, state, limit?.toUInt(), after))

/** Hears a running sync until it is closed. `progress` is called on a thread of the library. */
fun listening(phone: Phone, progress: (SyncReport) -> Unit): AutoCloseable =
    phone.subscribe(object : uniffi.xunge.SyncObserver {
        override fun progress(report: SyncReport) = progress(report)
    })

/** Sends the library's log to `line(level, target, text)`. */
fun logTo(line: (String, String, String) -> Unit) = uniffi.xunge.logTo(
    object : uniffi.xunge.LogSink {
        override fun line(level: String, target: String, text: String) = line(level, target, text)
    },
    "info",
)
