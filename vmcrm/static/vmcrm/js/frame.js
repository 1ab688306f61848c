/** What every page has: theme switch, menus, the browser's time zone in forms. */

import { wireMenus } from "./menus.js";
import { wireThemeSwitch } from "./theme_switch.js";
import { offerBrowserTimeZone } from "./time_zone.js";

wireThemeSwitch();
wireMenus();
offerBrowserTimeZone();
