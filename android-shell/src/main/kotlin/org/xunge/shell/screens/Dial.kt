// Telephone numbers go to the system's dialler, which shows them and waits for a tap.
package org.xunge.shell.screens

import android.content.Intent
import android.net.Uri
import org.xunge.shell.Host
import org.xunge.shell.R
import org.xunge.shell.Said

fun dial(host: Host, number: String) {
    val there = host.ask(Intent(Intent.ACTION_DIAL, Uri.parse("tel:$number"))) {}
    if (!there) host.tell(Said(host.app.getString(R.string.no_dialler, number), good = false))
}
