// The app: one window, one shell.
import SwiftUI
import XungeLogic
import XungeShell

@main
struct XungeApp: App {
    @State private var made: Result<Shell, any Error>

    init() {
        do {
            let background = BackgroundSync()
            let shell = try Shell.ofThisDevice(background: background)
            background.serve { shell }
            shell.begin()
            _made = State(initialValue: .success(shell))
        } catch {
            _made = State(initialValue: .failure(error))
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
