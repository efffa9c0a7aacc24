// A value in shared memory that is read whole however often it is written, and a lock whose owner may die.
#include <iostream>
#include <mutex>
#include <yard/client.hpp>

struct Price {
    uint64_t bid, ask;
};

int main() try {
    yard::Client client;
    yard::Lock books = client.open_lock("examples/books");
    yard::Shm memory = client.open_shm("examples/prices");
    yard::SharedValue<Price> price(memory, "price v1", &books);

    price.write({100, 101});
    price.change([](Price& now) { now = {now.bid + 1, now.ask + 1}; });
    memory.notify();  // for those who wait on memory.fd()

    const yard::SharedValue<Price> seen(client.open_shm_read_only("examples/prices"), "price v1");
    std::cout << "bid " << seen.read().bid << " ask " << seen.read().ask << '\n';

    const std::lock_guard guard(books);
    if (books.owner_died()) std::cout << "process " << books.last_death()->pid << " died with the lock\n";
} catch (const yard::Error& error) {
    std::cerr << "prices: " << error.what() << '\n';
    return 1;
}
