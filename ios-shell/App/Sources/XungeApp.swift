// The app: one window, one shell.
import SwiftUI
import XungeLogic
import XungeShell

@main
struct XungeApp: App {
    @State private var made: Result<Shell, any Error>
    private let background = BackgroundSync()

    init() {
        let made = Result { [background] in try Shell.ofThisDevice(background: background) }
        _made = State(initialValue: made)
        if case let .success(shell) = made {
            background.serve { shell }
            shell.begin()
        }
    }

    var body: some Scene {
        WindowGroup {
            switch made {
            case let .success(shell): RootView(shell)
            // No folder can be made: the device's storage is full or broken.
            case let .failure(error): Text(error.localizedDescription).font(.title).padding()
            }
        }
    }
}
