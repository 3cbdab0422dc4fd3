// Names of screens. A name is all that is kept of a screen when the process dies.
package org.xunge.shell.screens

import org.xunge.shell.Host

fun screenFor(route: String, host: Host): Screen {
    val subject = route.substringAfter(':', "")
    return when (route.substringBefore(':')) {
        "interview" -> InterviewScreen(host, subject)
        "records" -> RecordsScreen(host)
        "record" -> RecordScreen(host, subject)
        "warnings" -> WarningsScreen(host)
        "households" -> HouseholdsScreen(host)
        "sync" -> SyncScreen(host)
        "more" -> MoreScreen(host)
        "settings" -> SettingsScreen(host)
        "courier" -> CourierScreen(host, subject)
        "workers" -> WorkersScreen(host)
        "pin" -> PinScreen(host, subject)
        "code" -> CodeScreen(host, subject)
        "enrol" -> EnrolScreen(host)
        "read_out" -> ReadOutScreen(host)
        "help" -> HelpScreen(host)
        "my_photo" -> MyPhotoScreen(host)
        "unusable" -> UnusableScreen(host)
        else -> HomeScreen(host)
    }
}
