// Guix's garbage collector keeps what is rooted: links below /var/guix/gcroots/cordwainer that name
// the items of the store which the installed menu and the records need.
#pragma once

#include <set>
#include <string>

#include "core/error.h"
#include "model/plan.h"
#include "sys/root.h"

namespace cordwainer {

// Items of /gnu/store, as absolute paths inside the system.
using StoreItems = std::set<std::string>;

// The item that `path` lies in or is is put into `items`; a path elsewhere is none.
void add_item(const std::string& path, StoreItems& items);

// Those that what is installed reads, by name or as the source of a file.
void add_items_of(const Plan& plan, StoreItems& items);
void add_items_of(const RealisedPlan& plan, StoreItems& items);

// Roots each that is not rooted yet, durably; roots that are there stay. Nothing where the system
// has no /gnu/store.
[[nodiscard]] Result<void> add_gc_roots(const Root& root, const StoreItems& items);

// Removes the roots of all others.
[[nodiscard]] Result<void> prune_gc_roots(const Root& root, const StoreItems& items);

}  // namespace cordwainer
